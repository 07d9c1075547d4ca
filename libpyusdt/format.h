/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Python objects as bounded C strings, without running user code: no __repr__, no
 * __str__, no attribute look-up that a program can override.
 *
 * Both need the GIL, must not be called with an exception set, and leave none.
 */
#ifndef PYUSDT_FORMAT_H
#define PYUSDT_FORMAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>

/* The largest and the smallest buffer that a caller may have. */
#define FORMAT_MAX 4096
#define FORMAT_MIN 16

/*
 * A value: None, and exact bool, int, float, str and bytes as repr() writes them;
 * classes and functions by qualified name; all else as "<module.Type at 0x...>".
 *
 * Returns: @buffer.
 */
const char *format_value(char *buffer, size_t size, PyObject *value);

/*
 * What is called: "module.qualname" of classes, functions, methods and builtins; all
 * else as "<module.Type at 0x...>".
 *
 * Returns: @buffer.
 */
const char *format_callable(char *buffer, size_t size, PyObject *callable);

#endif /* PYUSDT_FORMAT_H */
