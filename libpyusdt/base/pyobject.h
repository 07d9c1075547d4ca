/* SPDX-License-Identifier: BSD-2-Clause */
/* These functions look at Python objects without running any code of the program. */
#ifndef PYUSDT_PYOBJECT_H
#define PYUSDT_PYOBJECT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/*
 * @text: a str. Lone surrogates become \udcXX.
 *
 * Returns: its UTF-8 as a new bytes object; NULL with an exception set.
 */
PyObject *pyobject_utf8(PyObject *text);

/*
 * As PyObject_GetAttrString(), which makes a new string each time: CPython's cache of the
 * attributes of types would keep each of them, in place of one of the program's.
 */
PyObject *pyobject_attribute(PyObject *object, const char *name);

/*
 * The value of the key @name (ASCII) in @dict. Compares no keys but exact strings: any
 * other could run an __eq__ of the user. @dict may be NULL. Takes as long in a large dict
 * as in a small one, where all its keys are exact strings.
 *
 * Returns: a new reference; NULL, with no exception set, where there is none.
 */
PyObject *pyobject_dict_get(PyObject *dict, const char *name);

/* This is pyobject_dict_get() where the value is a str. */
PyObject *pyobject_dict_str(PyObject *dict, const char *name);

/* Returns: the value, as of pyobject_dict_get(), of an int; -1 where it is no int. */
long pyobject_dict_long(PyObject *dict, const char *name);

/*
 * Returns: what has the name @name in a module that is imported, a new reference; NULL,
 * with no exception set, where there is none.
 */
PyObject *pyobject_module_member(const char *module, const char *name);

/*
 * Returns: the name of @type's module, a new reference; NULL, with no exception set,
 * where it is not known.
 */
PyObject *pyobject_type_module(PyTypeObject *type);

#endif /* PYUSDT_PYOBJECT_H */
