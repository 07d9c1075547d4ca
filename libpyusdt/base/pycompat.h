/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * These functions stand for what the stable ABI of CPython 3.12 lacks, looked up at run
 * time: symbols that every CPython from 3.12 on exports but that the limited API does
 * not declare. All of them are weak, so that the library loads into any program;
 * pycompat_usable() says whether the running interpreter has what we cannot do without.
 */
#ifndef PYUSDT_PYCOMPAT_H
#define PYUSDT_PYCOMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Returns: whether the program has a CPython >= 3.12. Needs nothing, not even an
 * initialised Python.
 */
bool pycompat_usable(void);

/* Returns: whether Python can be called, by a thread that is attached. */
bool pycompat_initialized(void);

/* Returns: whether this thread has an attached thread state (holds the GIL). */
bool pycompat_attached(void);

/* Returns: CPython's function that returns the attached thread state, NULL without one.
 */
PyThreadState *(*pycompat_state_function(void))(void);

bool pycompat_is_code(PyObject *object);
bool pycompat_is_function(PyObject *object);
bool pycompat_is_method(PyObject *object);

/* Returns: the code or globals of a function, borrowed. */
PyObject *pycompat_function_code(PyObject *function);
PyObject *pycompat_function_globals(PyObject *function);

/* Returns: what a method binds, borrowed; it may be of any type. */
PyObject *pycompat_method_function(PyObject *method);

/*
 * What a C function was defined by: the same for all objects of one method, such as
 * list.append and [].append.
 *
 * Returns: NULL where @callable is no function of C, and no method of a C type.
 */
const PyMethodDef *pycompat_method_def(PyObject *callable);

/* Returns: whether that can be told in the running CPython. Needs the GIL. */
bool pycompat_method_defs_known(void);

/* Returns: the line of the instruction at @offset of the code object, -1: has none. */
int pycompat_line(PyObject *code, int offset);

/*
 * Returns: the namespace of @type itself, a new reference, without any attribute
 * look-up; NULL, with no exception set, where there is none.
 */
PyObject *pycompat_type_dict(PyTypeObject *type);

/*
 * Returns: whether CPython keeps @dict as one that never had a key but exact str, so that
 * to look one up runs no code of the program; false where that cannot be told at once.
 */
bool pycompat_dict_has_str_keys(PyObject *dict);

/*
 * @text: a str. PyUnicode_AsUTF8AndSize() makes CPython keep the UTF-8 in the str, but
 * for one in ASCII, which is its own: an object of the program must not grow because it
 * is looked at.
 *
 * Returns: its characters, and in @size how many; they last as long as @text does. NULL,
 * with no exception set, where it is not in ASCII, or that cannot be told.
 */
const char *pycompat_ascii(PyObject *text, Py_ssize_t *size);

/*
 * The thread states of an interpreter, one after the other. Nobody may delete one
 * meanwhile: needs the GIL.
 *
 * Returns: NULL where there is none left.
 */
PyThreadState *pycompat_first_state(PyInterpreterState *interp);
PyThreadState *pycompat_next_state(PyThreadState *state);

/* Returns: the globals that @frame runs with, a new reference. */
PyObject *pycompat_frame_globals(PyFrameObject *frame);

/* Returns: the caller's frame, a new reference, or NULL. */
PyFrameObject *pycompat_frame_back(PyFrameObject *frame);

/* Returns: the bytecode offset, in bytes, that @frame is at. */
int pycompat_frame_lasti(PyFrameObject *frame);

/* Returns: the local variable, a new reference; NULL where it has no value. */
PyObject *pycompat_frame_local(PyFrameObject *frame, const char *name);

/* Returns: an address within the file that has the running Python. */
const void *pycompat_interpreter(void);

/* Returns: PY_VERSION_HEX of the running Python. */
uint32_t pycompat_version(void);

/* Returns: the start of _PyRuntime, NULL where it is not exported. */
const void *pycompat_runtime(void);

/* Free-threaded builds have no GIL that would keep others from changing an object. */
#ifdef Py_GIL_DISABLED
#define PYCOMPAT_BEGIN_CRITICAL_SECTION(object) Py_BEGIN_CRITICAL_SECTION(object)
#define PYCOMPAT_END_CRITICAL_SECTION()         Py_END_CRITICAL_SECTION()
#else
#define PYCOMPAT_BEGIN_CRITICAL_SECTION(object) ((void)(object))
#define PYCOMPAT_END_CRITICAL_SECTION()         ((void)0)
#endif

#endif /* PYUSDT_PYCOMPAT_H */
