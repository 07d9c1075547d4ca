// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file looks up attributes, keys and members the way that runs no code of the
 * program.
 */
#include "base/pyobject.h"

#include "base/pycompat.h"

PyObject *pyobject_utf8(PyObject *text)
{
	/* CPython's UTF-8 encoder has this error handler built in: no codec look-up. */
	return PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
}

PyObject *pyobject_attribute(PyObject *object, const char *name)
{
	PyObject *key = PyUnicode_InternFromString(name);
	PyObject *value = key ? PyObject_GetAttr(object, key) : NULL;

	Py_XDECREF(key);
	return value;
}

/* Returns: what @dict has for @name, a new reference, or NULL. */
static PyObject *look_up(PyObject *dict, const char *name)
{
	PyObject *key = PyUnicode_InternFromString(name);
	PyObject *found = key ? Py_XNewRef(PyDict_GetItemWithError(dict, key)) : NULL;

	PyErr_Clear();
	Py_XDECREF(key);
	return found;
}

/*
 * In the dicts of modules and classes the names we look for come first, and to compare
 * some keys takes less than to make one and its hash.
 */
#define COMPARED_FIRST 16

/*
 * As look_up(), but compares keys one by one: where one is no exact str, CPython's own
 * look-up may run an __eq__ of the user.
 */
static PyObject *search(PyObject *dict, const char *name)
{
	PyObject *key, *value;
	Py_ssize_t position = 0, count = 0;

	while (PyDict_Next(dict, &position, &key, &value)) {
		if (PyUnicode_CheckExact(key) &&
		    PyUnicode_CompareWithASCIIString(key, name) == 0)
			return Py_NewRef(value);
		if (++count == COMPARED_FIRST && pycompat_dict_has_str_keys(dict))
			return look_up(dict, name);
	}
	return NULL;
}

PyObject *pyobject_dict_get(PyObject *dict, const char *name)
{
	PyObject *found;

	if (!dict)
		return NULL;
	PYCOMPAT_BEGIN_CRITICAL_SECTION(dict);
	found = search(dict, name);
	PYCOMPAT_END_CRITICAL_SECTION();
	return found;
}

PyObject *pyobject_dict_str(PyObject *dict, const char *name)
{
	PyObject *value = pyobject_dict_get(dict, name);

	if (value && !PyUnicode_Check(value))
		Py_CLEAR(value);
	return value;
}

long pyobject_dict_long(PyObject *dict, const char *name)
{
	PyObject *value = pyobject_dict_get(dict, name);
	long number = value && PyLong_CheckExact(value) ? PyLong_AsLong(value) : -1;

	PyErr_Clear();
	Py_XDECREF(value);
	return number;
}

PyObject *pyobject_module_member(const char *module, const char *name)
{
	PyObject *modules = PySys_GetObject("modules"); /* borrowed */
	PyObject *found = NULL, *member = NULL;

	if (modules && PyDict_Check(modules))
		found = pyobject_dict_get(modules, module);
	if (found && PyModule_Check(found))
		member = pyobject_dict_get(PyModule_GetDict(found), name);
	Py_XDECREF(found);
	return member;
}

PyObject *pyobject_type_module(PyTypeObject *type)
{
	PyObject *module = NULL;

	if (PyType_GetFlags(type) & Py_TPFLAGS_HEAPTYPE) {
		PyObject *dict = pycompat_type_dict(type);

		module = pyobject_dict_str(dict, "__module__");
		Py_XDECREF(dict);
	} else if (Py_IS_TYPE((PyObject *)type, &PyType_Type)) {
		/* A static type whose metaclass is type itself: type's own getter. */
		module = pyobject_attribute((PyObject *)type, "__module__");
		if (!module)
			PyErr_Clear();
	}
	return module;
}
