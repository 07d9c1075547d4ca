// SPDX-License-Identifier: BSD-2-Clause
/* This file has all that depends on CPython's version or is not in its stable ABI. */
#include "base/pycompat.h"

#include <string.h>

#include "base/safe_read.h"

#define WEAK __attribute__((weak))

extern PyTypeObject PyCode_Type WEAK;
extern PyTypeObject PyFunction_Type WEAK;
extern PyTypeObject PyMethod_Type WEAK;

extern char _PyRuntime[] WEAK;

extern PyThreadState *PyInterpreterState_ThreadHead(PyInterpreterState *interp) WEAK;
extern PyThreadState *PyThreadState_Next(PyThreadState *state) WEAK;
extern PyObject *PyFrame_GetGlobals(PyFrameObject *frame) WEAK;
extern PyFrameObject *PyFrame_GetBack(PyFrameObject *frame) WEAK;
extern int PyFrame_GetLasti(PyFrameObject *frame) WEAK;
extern PyObject *PyFrame_GetVar(PyFrameObject *frame, PyObject *name) WEAK;
extern int PyCode_Addr2Line(PyCodeObject *code, int offset) WEAK;
extern PyObject *PyFunction_GetCode(PyObject *function) WEAK;
extern PyObject *PyFunction_GetGlobals(PyObject *function) WEAK;
extern PyObject *PyMethod_Function(PyObject *method) WEAK;
extern PyObject *PyType_GetDict(PyTypeObject *type) WEAK;
/* 3.12 has the first of them by its private name, and not the second. */
extern PyThreadState *PyThreadState_GetUnchecked(void) WEAK;
extern int Py_IsFinalizing(void) WEAK;
extern PyThreadState *_PyThreadState_UncheckedGet(void) WEAK;

/* Part of the stable ABI, but weak here: pycompat_usable() is asked before all else, in
 * programs that have no Python, too. */
extern const unsigned long Py_Version WEAK;

bool pycompat_usable(void)
{
	return &Py_Version && Py_Version >= 0x030c0000 && &PyCode_Type &&
	       &PyFunction_Type && &PyMethod_Type && PyType_GetDict && PyFrame_GetBack &&
	       PyInterpreterState_ThreadHead && PyThreadState_Next &&
	       PyFrame_GetGlobals && PyFrame_GetLasti && PyFrame_GetVar &&
	       PyCode_Addr2Line && PyFunction_GetCode && PyFunction_GetGlobals &&
	       PyMethod_Function &&
	       (PyThreadState_GetUnchecked || _PyThreadState_UncheckedGet);
}

bool pycompat_initialized(void)
{
	/* 3.15 says so only when site has been imported; what that imports may use us. */
	return Py_IsInitialized() ||
	       (pycompat_version() >= 0x030f0000 && !Py_IsFinalizing());
}

/*
 * Not PyGILState_Check(): that answers yes from any thread once a subinterpreter has
 * existed.
 */
bool pycompat_attached(void)
{
	return pycompat_state_function()() != NULL;
}

PyThreadState *(*pycompat_state_function(void))(void)
{
	return PyThreadState_GetUnchecked ? PyThreadState_GetUnchecked
					  : _PyThreadState_UncheckedGet;
}

bool pycompat_is_code(PyObject *object)
{
	return Py_IS_TYPE(object, &PyCode_Type);
}

bool pycompat_is_function(PyObject *object)
{
	return Py_IS_TYPE(object, &PyFunction_Type);
}

bool pycompat_is_method(PyObject *object)
{
	return Py_IS_TYPE(object, &PyMethod_Type);
}

PyObject *pycompat_function_code(PyObject *function)
{
	return PyFunction_GetCode(function);
}

PyObject *pycompat_function_globals(PyObject *function)
{
	return PyFunction_GetGlobals(function);
}

PyObject *pycompat_method_function(PyObject *method)
{
	return PyMethod_Function(method);
}

/* PyCFunctionObject.m_ml, and after three more fields PyMethodDescrObject.d_method. */
#define FUNCTION_DEF   sizeof(PyObject)
#define DESCRIPTOR_DEF (sizeof(PyObject) + 3 * sizeof(PyObject *))

static const PyMethodDef *def_at(PyObject *callable, size_t offset)
{
	const PyMethodDef *def;

	memcpy(&def, (const char *)callable + offset, sizeof(def));
	return def;
}

const PyMethodDef *pycompat_method_def(PyObject *callable)
{
	if (PyCFunction_Check(callable))
		return def_at(callable, FUNCTION_DEF);
	return Py_IS_TYPE(callable, &PyMethodDescr_Type)
		       ? def_at(callable, DESCRIPTOR_DEF)
		       : NULL;
}

bool pycompat_method_defs_known(void)
{
	PyObject *empty = PyUnicode_FromStringAndSize(NULL, 0);
	PyObject *bound = empty ? PyObject_GetAttrString(empty, "isascii") : NULL;
	PyObject *descriptor =
		PyObject_GetAttrString((PyObject *)&PyUnicode_Type, "isascii");
	const PyMethodDef *def = NULL, *same = NULL;
	bool known;

	if (bound && descriptor && PyCFunction_Check(bound) &&
	    Py_IS_TYPE(descriptor, &PyMethodDescr_Type)) {
		safe_read(&def, bound, FUNCTION_DEF, sizeof(def));
		safe_read(&same, descriptor, DESCRIPTOR_DEF, sizeof(same));
	}
	known = def && def == same && def->ml_meth == PyCFunction_GetFunction(bound);
	PyErr_Clear();
	Py_XDECREF(descriptor);
	Py_XDECREF(bound);
	Py_XDECREF(empty);
	return known;
}

int pycompat_line(PyObject *code, int offset)
{
	/* The size counts units of two bytes. From 3.14 on CPython reads beyond it. */
	if (offset / 2 >= Py_SIZE(code))
		return -1;
	return PyCode_Addr2Line((PyCodeObject *)code, offset);
}

PyObject *pycompat_type_dict(PyTypeObject *type)
{
	return PyType_GetDict(type);
}

/*
 * How a dict is kept, as CPython 3.12 to 3.15 have it: PyDictObject.ma_keys is followed,
 * in PyDictKeysObject, by a count of references, two bytes of sizes, and dk_kind.
 */
#define DICT_KEYS     (sizeof(PyObject) + 2 * sizeof(uint64_t))
#define KEYS_KIND     (sizeof(Py_ssize_t) + 2)
#define KIND_GENERAL  0
#define KIND_ALL_STR  1 /* DICT_KEYS_UNICODE */
#define KIND_SPLIT    2 /* of an instance: the names of attributes, exact str, too */
#define KINDS_UNKNOWN UINT32_C(0x03100000)

/* Returns: of the kinds above; -1 where memory has no such thing. */
static int kind_of_keys(PyObject *dict)
{
	const void *keys = NULL;
	unsigned char kind = 0;

	return safe_read(&keys, dict, DICT_KEYS, sizeof(keys)) &&
			       safe_read(&kind, keys, KEYS_KIND, sizeof(kind))
		       ? kind
		       : -1;
}

/* Returns: a dict with the keys "a" and @second; NULL with an exception set. */
static PyObject *dict_of_two(PyObject *second)
{
	PyObject *dict = second ? PyDict_New() : NULL;

	if (dict && (PyDict_SetItemString(dict, "a", Py_None) < 0 ||
		     PyDict_SetItem(dict, second, Py_None) < 0))
		Py_CLEAR(dict);
	Py_XDECREF(second);
	return dict;
}

/* Returns: whether dicts are kept as said above, tried out; -1: memory ran out. */
static int find_kinds(void)
{
	PyObject *all_str = dict_of_two(PyUnicode_FromString("b"));
	PyObject *general = dict_of_two(PyLong_FromLong(1));
	int result = -1;

	if (all_str && general)
		result = kind_of_keys(all_str) == KIND_ALL_STR &&
			 kind_of_keys(general) == KIND_GENERAL;
	PyErr_Clear();
	Py_XDECREF(all_str);
	Py_XDECREF(general);
	return result;
}

static bool kinds_are_known(void)
{
	static int known = -1; /* atomic; -1: not yet found out */
	int now = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (now < 0) {
		now = pycompat_version() < KINDS_UNKNOWN ? find_kinds() : 0;
		__atomic_store_n(&known, now, __ATOMIC_RELAXED);
	}
	return now > 0;
}

bool pycompat_dict_has_str_keys(PyObject *dict)
{
	const char *keys;
	unsigned char kind;

	if (!PyDict_Check(dict) || !kinds_are_known())
		return false;
	memcpy(&keys, (const char *)dict + DICT_KEYS, sizeof(keys));
	kind = (unsigned char)keys[KEYS_KIND];
	return kind == KIND_ALL_STR || kind == KIND_SPLIT;
}

/*
 * The stable ABI does not tell whether a str is in ASCII. CPython's own str.isascii()
 * looks at one bit for it; as a C function that is six instructions, by the method a
 * hundred.
 *
 * Returns: NULL where it cannot be had.
 */
static PyCFunction isascii_function(void)
{
	static PyCFunction function; /* atomic */
	PyCFunction found = __atomic_load_n(&function, __ATOMIC_RELAXED);
	PyObject *empty, *method;

	if (found)
		return found;
	empty = PyUnicode_FromStringAndSize(NULL, 0);
	method = empty ? PyObject_GetAttrString(empty, "isascii") : NULL;
	if (method && PyCFunction_GetFlags(method) == METH_NOARGS)
		found = PyCFunction_GetFunction(method);
	PyErr_Clear();
	Py_XDECREF(method);
	Py_XDECREF(empty);
	__atomic_store_n(&function, found, __ATOMIC_RELAXED);
	return found;
}

const char *pycompat_ascii(PyObject *text, Py_ssize_t *size)
{
	PyCFunction is_ascii = isascii_function();

	/* True and False are immortal. */
	if (!is_ascii || is_ascii(text, NULL) != Py_True)
		return NULL;
	return PyUnicode_AsUTF8AndSize(text, size);
}

PyThreadState *pycompat_first_state(PyInterpreterState *interp)
{
	return PyInterpreterState_ThreadHead(interp);
}

PyThreadState *pycompat_next_state(PyThreadState *state)
{
	return PyThreadState_Next(state);
}

PyObject *pycompat_frame_globals(PyFrameObject *frame)
{
	return PyFrame_GetGlobals(frame);
}

PyFrameObject *pycompat_frame_back(PyFrameObject *frame)
{
	return PyFrame_GetBack(frame);
}

int pycompat_frame_lasti(PyFrameObject *frame)
{
	return PyFrame_GetLasti(frame);
}

PyObject *pycompat_frame_local(PyFrameObject *frame, const char *name)
{
	PyObject *key = PyUnicode_FromString(name);
	PyObject *value = key ? PyFrame_GetVar(frame, key) : NULL;

	Py_XDECREF(key);
	if (!value)
		PyErr_Clear();
	return value;
}

const void *pycompat_interpreter(void)
{
	/* A function: of a variable the program may have a copy in its own file. */
	return (const void *)Py_GetVersion;
}

const void *pycompat_runtime(void)
{
	return _PyRuntime;
}

uint32_t pycompat_version(void)
{
	return (uint32_t)Py_Version;
}
