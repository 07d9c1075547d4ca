// SPDX-License-Identifier: BSD-2-Clause
/*
 * Objects of any kind in buffers of any size. The input describes one: a letter for its
 * type, then what that needs; a byte that is none of the letters stands for one of them.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <sanitizer/allocator_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/format.h"

#define DEPTH_MAX   6
#define OBJECTS_MAX 500

typedef const char *format_fn(char *buffer, size_t size, PyObject *object);

static format_fn *const formats[] = {format_value, format_callable, format_exception,
				     format_repr};

static const char letters[] = "NTFifsbltdSzepmckn";

/* What Python code makes better; each one function of up to three arguments. */
static const char makers_source[] =
	"import functools, types\n"
	"def original(): pass\n"
	"class Own(Exception): pass\n"
	"ERRORS = [ValueError, KeyError, OSError, StopIteration, UnicodeError,\n"
	"    SystemExit,\n"
	"    SyntaxError, ExceptionGroup, BaseException, Own]\n"
	"CALLABLES = [len, [].append, list.append, dict.fromkeys, int,\n"
	"    object.__init__,\n"
	"    original, original.__call__, (1).__add__, str, types.FunctionType, print]\n"
	"def exception(kind, args): return ERRORS[kind % len(ERRORS)](*args)\n"
	"def pick(number): return CALLABLES[number % len(CALLABLES)]\n"
	"def partial(function):\n"
	"    made = functools.partial(int)\n"
	"    made.__setstate__((function if callable(function) else len, (), {}, {}))\n"
	"    return made\n"
	"def method(function, owner):\n"
	"    return types.MethodType(function if callable(function) else len, owner)\n"
	"def kind(name, module): return type('T', (), {'__qualname__': name,\n"
	"    '__module__': module})\n"
	"def function(name, module): return types.FunctionType(\n"
	"    original.__code__.replace(co_qualname=name), {'__name__': module})\n";

static PyObject *makers; /* a namespace */

static struct {
	const uint8_t *at;
	size_t left;
	int objects;
} input;

static uint8_t next_byte(void)
{
	if (!input.left)
		return 0;
	input.left--;
	return *input.at++;
}

static size_t next_bytes(uint8_t *to, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = next_byte();
	return count;
}

static PyObject *next_object(int depth);

static PyObject *next_int(void)
{
	uint8_t bytes[32];
	size_t count = next_bytes(bytes, next_byte() % sizeof(bytes));
	PyObject *low = PyObject_CallMethod((PyObject *)&PyLong_Type, "from_bytes", "y#s",
					    bytes, (Py_ssize_t)count, "little");
	PyObject *shift = PyLong_FromLong(next_byte() % 8 ? 0 : next_byte() * 256L);
	PyObject *number = PyNumber_Lshift(low, shift);
	PyObject *result =
		next_byte() % 2 ? PyNumber_Negative(number) : Py_NewRef(number);

	Py_DECREF(low);
	Py_DECREF(shift);
	Py_DECREF(number);
	return result;
}

static PyObject *next_float(void)
{
	double number;

	next_bytes((uint8_t *)&number, sizeof(number));
	return PyFloat_FromDouble(number);
}

/* @sequence is stolen. Returns: it, or it many times, where it may become long. */
static PyObject *maybe_repeated(PyObject *sequence)
{
	PyObject *result;

	if (!sequence || next_byte() % 4 != 1)
		return sequence;
	result = PySequence_Repeat(sequence, next_byte());
	Py_DECREF(sequence);
	return result;
}

/* Of any code points, lone surrogates and NULs included. */
static PyObject *next_str(void)
{
	uint32_t points[32];
	size_t count = next_byte() % 32;

	for (size_t i = 0; i < count; i++) {
		uint32_t point = next_byte();

		if (point >= 0x80)
			point = point << 16 | (uint32_t)next_byte() << 8 | next_byte();
		points[i] = point % 0x110000;
	}
	return maybe_repeated(PyUnicode_Decode((const char *)points,
					       (Py_ssize_t)(count * sizeof(points[0])),
					       "utf-32-le", "surrogatepass"));
}

static PyObject *next_bytes_object(void)
{
	uint8_t bytes[32];
	size_t count = next_bytes(bytes, next_byte() % sizeof(bytes));

	return maybe_repeated(
		PyBytes_FromStringAndSize((const char *)bytes, (Py_ssize_t)count));
}

static PyObject *next_list(int depth)
{
	PyObject *list = PyList_New(0);

	for (int count = next_byte() % 16; count; count--) {
		PyObject *item = next_object(depth + 1);

		PyList_Append(list, item);
		Py_DECREF(item);
	}
	return list;
}

static PyObject *next_tuple(int depth)
{
	PyObject *list = next_list(depth), *tuple = PyList_AsTuple(list);

	Py_DECREF(list);
	return tuple;
}

/* Items that have no hash are left out. */
static PyObject *next_set(int depth, bool frozen)
{
	PyObject *list = next_list(depth), *set = PySet_New(NULL), *result;

	for (Py_ssize_t i = 0; i < PyList_Size(list); i++)
		if (PySet_Add(set, PyList_GetItem(list, i)) < 0)
			PyErr_Clear();
	Py_DECREF(list);
	result = frozen ? PyFrozenSet_New(set) : Py_NewRef(set);
	Py_DECREF(set);
	return result;
}

static PyObject *next_dict(int depth)
{
	PyObject *dict = PyDict_New();

	for (int count = next_byte() % 16; count; count--) {
		PyObject *key = next_object(depth + 1), *value = next_object(depth + 1);

		if (PyDict_SetItem(dict, key, value) < 0)
			PyErr_Clear();
		Py_DECREF(key);
		Py_DECREF(value);
	}
	return dict;
}

/* The arguments are stolen. Returns: NULL where Python refuses such an object. */
static PyObject *made(const char *maker, PyObject *first, PyObject *second)
{
	PyObject *result = PyObject_CallFunctionObjArgs(
		PyDict_GetItemString(makers, maker), first, second, NULL);

	Py_DECREF(first);
	Py_XDECREF(second);
	PyErr_Clear();
	return result;
}

static PyObject *next_exception(int depth)
{
	PyObject *kind = PyLong_FromLong(next_byte());

	return made("exception", kind, next_list(depth));
}

static PyObject *next_method(int depth)
{
	PyObject *function = next_object(depth + 1);

	return made("method", function, next_object(depth + 1));
}

static PyObject *next_named(const char *maker, int depth)
{
	PyObject *name = next_str();

	return made(maker, name, next_object(depth + 1));
}

/* Returns: NULL where such an object cannot be. */
static PyObject *next_of(char letter, int depth)
{
	switch (letter) {
	case 'T':
		return Py_NewRef(Py_True);
	case 'F':
		return Py_NewRef(Py_False);
	case 'i':
		return next_int();
	case 'f':
		return next_float();
	case 's':
		return next_str();
	case 'b':
		return next_bytes_object();
	case 'l':
		return next_list(depth);
	case 't':
		return next_tuple(depth);
	case 'd':
		return next_dict(depth);
	case 'S':
	case 'z':
		return next_set(depth, letter == 'z');
	case 'e':
		return next_exception(depth);
	case 'p':
		return made("partial", next_object(depth + 1), NULL);
	case 'm':
		return next_method(depth);
	case 'c':
		return made("pick", PyLong_FromLong(next_byte()), NULL);
	case 'k':
		return next_named("kind", depth);
	case 'n':
		return next_named("function", depth);
	default:
		return NULL;
	}
}

static PyObject *next_object(int depth)
{
	char byte = (char)next_byte();
	size_t count = sizeof(letters) - 1;
	PyObject *object = NULL;

	if (!memchr(letters, byte, count))
		byte = letters[(uint8_t)byte % count];
	if (depth < DEPTH_MAX && input.objects++ < OBJECTS_MAX)
		object = next_of(byte, depth);
	return object ? object : Py_NewRef(Py_None);
}

static bool is_scalar(PyObject *object)
{
	return object == Py_None || PyBool_Check(object) || PyLong_CheckExact(object) ||
	       PyFloat_CheckExact(object) || PyUnicode_CheckExact(object) ||
	       PyBytes_CheckExact(object);
}

static void fail(const char *what, const char *text)
{
	fprintf(stderr, "%s: \"%s\"\n", what, text);
	if (PyErr_Occurred())
		PyErr_Print();
	abort();
}

/* What is complete is as repr() has it. */
static void check_scalar(const char *text, size_t size, PyObject *object)
{
	PyObject *repr = PyObject_Repr(object);
	PyObject *bytes = repr ? PyUnicode_AsUTF8String(repr) : NULL;

	/* An int may have too many digits for CPython. */
	PyErr_Clear();
	if (bytes && (size_t)PyBytes_Size(bytes) < size &&
	    strcmp(text, PyBytes_AsString(bytes)) != 0)
		fail("not as repr()", text);
	Py_XDECREF(bytes);
	Py_XDECREF(repr);
}

static void check_text(const char *text, const char *buffer, size_t size)
{
	PyObject *string;

	bool within = buffer <= text && text < buffer + size;

	/* Or static. */
	if (within ? !memchr(text, '\0', (size_t)(buffer + size - text))
		   : strlen(text) >= size)
		fail("not within the buffer", "");
	if (PyErr_Occurred())
		fail("an exception is left set", text);
	string = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), NULL);
	if (!string)
		fail("no UTF-8", text);
	Py_DECREF(string);
}

/* Without the names that CPython keeps of its look-ups in types. */
static size_t allocated(void)
{
	PyType_ClearCache();
	return __sanitizer_get_current_allocated_bytes();
}

static void check(format_fn *function, size_t size, PyObject *object)
{
	/* Of exact size, for the sanitisers to see. */
	char *buffer = malloc(size);
	const char *text = function(buffer, size, object);
	size_t before;

	check_text(text, buffer, size);
	if (is_scalar(object) && (function == format_value || function == format_repr))
		check_scalar(text, size, object);
	/* By now CPython has cached what it caches. */
	function(buffer, size, object);
	before = allocated();
	function(buffer, size, object);
	if (allocated() != before)
		fail("memory is lost", function(buffer, size, object));
	free(buffer);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	PyObject *code, *result;

	(void)argc;
	(void)argv;
	Py_InitializeEx(0);
	makers = PyDict_New();
	PyDict_SetItemString(makers, "__builtins__", PyEval_GetBuiltins());
	code = Py_CompileString(makers_source, "makers", Py_file_input);
	result = code ? PyEval_EvalCode(code, makers, makers) : NULL;
	if (!result)
		fail("no makers", "");
	Py_DECREF(result);
	Py_DECREF(code);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	format_fn *function;
	size_t room;
	PyObject *object;

	input.at = data;
	input.left = size;
	input.objects = 0;
	function = formats[next_byte() % (sizeof(formats) / sizeof(formats[0]))];
	room = FORMAT_MIN +
	       (next_byte() * 16U + next_byte()) % (FORMAT_MAX - FORMAT_MIN + 1);
	object = next_object(0);
	/* It is given nothing else. */
	if (function != format_exception || PyExceptionInstance_Check(object))
		check(function, room, object);
	Py_DECREF(object);
	return 0;
}
