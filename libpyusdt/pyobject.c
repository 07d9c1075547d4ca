// SPDX-License-Identifier: BSD-2-Clause
#include "pyobject.h"

#include "pycompat.h"

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

PyObject *pyobject_dict_get(PyObject *dict, const char *name)
{
	PyObject *key, *value, *found = NULL;
	Py_ssize_t position = 0;

	if (!dict)
		return NULL;
	PYCOMPAT_BEGIN_CRITICAL_SECTION(dict);
	/* In the dicts of modules and classes the names we look for come first. */
	while (!found && PyDict_Next(dict, &position, &key, &value))
		if (PyUnicode_CheckExact(key) &&
		    PyUnicode_CompareWithASCIIString(key, name) == 0)
			found = Py_NewRef(value);
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
