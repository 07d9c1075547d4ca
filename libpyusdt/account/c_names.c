// SPDX-License-Identifier: BSD-2-Clause
/* This file names functions of C as cProfile does, and keeps the names of an account. */
#include "account/c_names.h"

#include <stdlib.h>

#include "base/pycompat.h"
#include "base/pyobject.h"
#include "base/text.h"

#define NAME_MAX_SIZE 512

/* Those whose repr() is made of names in C, by C. */
static bool has_plain_repr(PyObject *object)
{
	return Py_IS_TYPE(object, &PyMethodDescr_Type) ||
	       Py_IS_TYPE(object, &PyClassMethodDescr_Type) ||
	       Py_IS_TYPE(object, &PyCFunction_Type);
}

/*
 * A method that is bound to an object does not say which type has it. All types that have
 * methods of C are among the bases that C knows.
 *
 * Returns: what the type of @self has by the name @name, a new reference, or NULL.
 */
static PyObject *method_of_type(PyObject *self, const char *name)
{
	PyTypeObject *type = Py_TYPE(self);
	PyObject *method = NULL;

	while (type && !method) {
		PyObject *dict = pycompat_type_dict(type);

		method = pyobject_dict_get(dict, name);
		Py_XDECREF(dict);
		if (method && !has_plain_repr(method))
			Py_CLEAR(method);
		type = PyType_GetSlot(type, Py_tp_base);
	}
	return method;
}

/* Returns: whether the repr() of @object was added; may be NULL. */
static bool add_repr(struct text *text, PyObject *object)
{
	PyObject *string = object ? PyObject_Repr(object) : NULL;
	PyObject *bytes = string ? pyobject_utf8(string) : NULL;

	if (bytes)
		text_add_string(text, PyBytes_AsString(bytes));
	PyErr_Clear();
	Py_XDECREF(string);
	Py_XDECREF(bytes);
	return bytes;
}

/* "<built-in method module.name>" */
static void add_function(struct text *text, PyObject *function, const char *name)
{
	PyObject *module = pyobject_attribute(function, "__module__");
	PyObject *bytes =
		module && PyUnicode_Check(module) ? pyobject_utf8(module) : NULL;

	PyErr_Clear();
	text_add_string(text, "<built-in method ");
	if (bytes) {
		text_add_string(text, PyBytes_AsString(bytes));
		text_add_string(text, ".");
	}
	text_add_string(text, name);
	text_add_string(text, ">");
	Py_XDECREF(bytes);
	Py_XDECREF(module);
}

static void add_name(struct text *text, PyObject *callable, const char *name)
{
	PyObject *self, *method;

	if (!PyCFunction_Check(callable)) {
		add_repr(text, callable);
		return;
	}
	self = PyCFunction_GetSelf(callable); /* borrowed */
	method = self && !PyModule_Check(self) ? method_of_type(self, name) : NULL;
	if (!add_repr(text, method))
		add_function(text, callable, name);
	Py_XDECREF(method);
}

/* Returns: new metadata, in no account yet; NULL where memory ran out. */
static struct codemeta *make(PyObject *callable, const char *name)
{
	char buffer[NAME_MAX_SIZE];
	struct text text = TEXT_INIT(buffer, sizeof(buffer));

	add_name(&text, callable, name);
	return codemeta_new_of_c(text_finish(&text));
}

struct codemeta *c_names_get(struct account *account, const PyMethodDef *def,
			     PyObject *callable)
{
	struct codemeta *meta = objtable_find(&account->c_functions, def), *added;

	if (meta)
		return meta;
	meta = make(callable, def->ml_name);
	if (!meta)
		return NULL;
	added = objtable_add(&account->c_functions, def, meta);
	/* Another thread was first, or memory ran out. */
	if (added != meta)
		free(meta);
	return added;
}

void c_names_free(struct account *account)
{
	objtable_clear(&account->c_functions, free);
}
