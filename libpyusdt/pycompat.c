// SPDX-License-Identifier: BSD-2-Clause
#include "pycompat.h"

#define WEAK __attribute__((weak))

extern PyTypeObject PyCode_Type WEAK;
extern PyTypeObject PyFunction_Type WEAK;
extern PyTypeObject PyMethod_Type WEAK;

extern char _PyRuntime[] WEAK;

#ifdef Py_LIMITED_API
extern PyFrameObject *PyFrame_GetBack(PyFrameObject *frame) WEAK;
extern int PyFrame_GetLasti(PyFrameObject *frame) WEAK;
extern PyObject *PyType_GetDict(PyTypeObject *type) WEAK;
/* 3.13 and later; before, the same thing had a private name. */
extern PyThreadState *PyThreadState_GetUnchecked(void) WEAK;
#endif
extern PyThreadState *_PyThreadState_UncheckedGet(void) WEAK;

/* Strong references, like all of the stable ABI, need a program that has Python at all.
 */
extern const unsigned long Py_Version WEAK;

bool pycompat_usable(void)
{
	return &Py_Version && Py_Version >= 0x030c0000 && &PyCode_Type &&
	       &PyFunction_Type && &PyMethod_Type && PyType_GetDict && PyFrame_GetBack &&
	       PyFrame_GetLasti &&
	       (PyThreadState_GetUnchecked || _PyThreadState_UncheckedGet);
}

/*
 * Not PyGILState_Check(): that answers yes from any thread once a subinterpreter has
 * existed.
 */
bool pycompat_attached(void)
{
	if (PyThreadState_GetUnchecked)
		return PyThreadState_GetUnchecked() != NULL;
	return _PyThreadState_UncheckedGet() != NULL;
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

PyObject *pycompat_type_dict(PyTypeObject *type)
{
	return PyType_GetDict(type);
}

PyFrameObject *pycompat_frame_back(PyFrameObject *frame)
{
	return PyFrame_GetBack(frame);
}

int pycompat_frame_lasti(PyFrameObject *frame)
{
	return PyFrame_GetLasti(frame);
}

const void *pycompat_runtime(void)
{
	return _PyRuntime;
}

uint32_t pycompat_version(void)
{
	return (uint32_t)Py_Version;
}
