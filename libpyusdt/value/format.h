/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * These functions write Python objects as bounded C strings, without running code of
 * the program (but for format_repr()): no __repr__, no __str__, no attribute look-up
 * that a program can override.
 *
 * All need the GIL, must not be called with an exception set, and leave none.
 */
#ifndef PYUSDT_FORMAT_H
#define PYUSDT_FORMAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* The largest and the smallest buffer that a caller may have. */
#define FORMAT_MAX 4096
#define FORMAT_MIN 16

/*
 * A value: None, and exact bool, int, float, str and bytes as repr() writes them; exact
 * list, tuple, dict, set and frozenset by their first items and how many more there are,
 * containers within by their length; classes and functions by qualified name; all else as
 * "<module.Type at 0x...>".
 *
 * Returns: the text, in @buffer, not always at its start, or static.
 */
static inline const char *format_value(char *buffer, size_t size, PyObject *value);

/*
 * What is called: "module.qualname" of classes, functions, methods and builtins; all
 * else as "<module.Type at 0x...>".
 *
 * Returns: @buffer.
 */
const char *format_callable(char *buffer, size_t size, PyObject *callable);

/* Returns: whether @object is a method of a C type, not bound, such as list.append. */
bool format_is_descriptor(PyObject *object);

/*
 * An exception, as the last line of a traceback: "Type: message", or "module.Type:
 * message". The message is made of the first argument, where that is None or an exact
 * bool, int, float, str or bytes.
 *
 * Returns: @buffer.
 */
const char *format_exception(char *buffer, size_t size, PyObject *exception);

/*
 * A value by repr(), which may run any code of the program, and let other threads run. As
 * format_value() where that raises.
 *
 * Returns: @buffer.
 */
const char *format_repr(char *buffer, size_t size, PyObject *value);

/* This is format_value() for the values that are met less often. */
const char *format_other(char *buffer, size_t size, PyObject *value);

static inline const char *format_value(char *buffer, size_t size, PyObject *value)
{
	int overflow;
	long number;

	if (size < TEXT_LONG_SIZE)
		return format_other(buffer, size, value);
	if (PyLong_CheckExact(value)) {
		number = PyLong_AsLongAndOverflow(value, &overflow);
		if (!overflow)
			return text_long(buffer + TEXT_LONG_SIZE, number);
	}
	if (value == Py_None)
		return "None";
	if (value == Py_True)
		return "True";
	if (value == Py_False)
		return "False";
	return format_other(buffer, size, value);
}

#endif /* PYUSDT_FORMAT_H */
