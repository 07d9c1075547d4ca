// SPDX-License-Identifier: BSD-2-Clause
#include "pyobject.h"

PyObject *pyobject_utf8(PyObject *text)
{
	/* CPython's UTF-8 encoder has this error handler built in: no codec look-up. */
	return PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
}

PyObject *pyobject_dict_str(PyObject *dict, const char *name)
{
	PyObject *key, *value;
	Py_ssize_t position = 0;

	if (!dict)
		return NULL;
	/* In the dicts of modules and classes the names we look for come first. */
	while (PyDict_Next(dict, &position, &key, &value)) {
		if (!PyUnicode_CheckExact(key) ||
		    PyUnicode_CompareWithASCIIString(key, name) != 0)
			continue;
		return PyUnicode_Check(value) ? Py_NewRef(value) : NULL;
	}
	return NULL;
}
