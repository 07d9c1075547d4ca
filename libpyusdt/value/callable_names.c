// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file keeps the names of functions of C modules, methods of C types and classes,
 * each for as long as the object lives whose name it is.
 */
#include "value/callable_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/closure.h"
#include "base/pycompat.h"
#include "base/pyobject.h"
#include "base/weakwatch.h"
#include "value/format.h"

struct callable_name {
	PyObject *callable; /* borrowed: goes before that does */
	struct weakwatch watch;
	struct callable_names *table;
	/* What the text was made of, of a class that may be renamed; owned, else NULL. */
	PyObject *module, *qualname;
	size_t size; /* of text, with its NUL */
	char text[];
};

static void name_free(void *value)
{
	struct callable_name *name = value;

	weakwatch_end(&name->watch);
	Py_XDECREF(name->module);
	Py_XDECREF(name->qualname);
	free(name);
}

static PyObject *died(PyObject *self, PyObject *const *args, size_t nargsf,
		      PyObject *kwnames)
{
	struct callable_name *name = closure_context(self);

	(void)args;
	(void)nargsf;
	(void)kwnames;
	if (name) {
		objtable_remove(&name->table->names, name->callable);
		name_free(name);
	}
	Py_RETURN_NONE;
}

static PyObject *attribute(PyObject *object, const char *name)
{
	PyObject *value = pyobject_attribute(object, name);

	PyErr_Clear();
	return value;
}

/* A function of a module; one that is bound to an object is made anew for each call. */
static bool is_module_function(PyObject *callable)
{
	PyObject *self;

	if (!Py_IS_TYPE(callable, &PyCFunction_Type))
		return false;
	self = PyCFunction_GetSelf(callable); /* borrowed */
	return !self || PyModule_Check(self);
}

/*
 * A method of a C type. It has no weak references, but is there for as long as its type,
 * where nobody can take it out of that.
 *
 * Returns: the type, a new reference, or NULL.
 */
static PyObject *type_of_method(PyObject *callable)
{
	PyObject *type = attribute(callable, "__objclass__");
	PyObject *name = attribute(callable, "__name__");
	PyObject *dict = NULL, *method = NULL;

	if (type && name && PyUnicode_CheckExact(name) &&
	    PyType_HasFeature((PyTypeObject *)type, Py_TPFLAGS_IMMUTABLETYPE))
		dict = pycompat_type_dict((PyTypeObject *)type);
	if (dict)
		method = Py_XNewRef(PyDict_GetItemWithError(dict, name));
	if (method != callable)
		Py_CLEAR(type);
	PyErr_Clear();
	Py_XDECREF(method);
	Py_XDECREF(dict);
	Py_XDECREF(name);
	return type;
}

/* Returns: what the callable's name goes with, a new reference; NULL: it is not kept. */
static PyObject *owner_of(PyObject *callable)
{
	if (PyType_Check(callable) || is_module_function(callable))
		return Py_NewRef(callable);
	return format_is_descriptor(callable) ? type_of_method(callable) : NULL;
}

static bool is_renamable(PyObject *callable)
{
	return PyType_Check(callable) &&
	       !PyType_HasFeature((PyTypeObject *)callable, Py_TPFLAGS_IMMUTABLETYPE);
}

/* Returns: a new name, in no table yet; NULL, with an exception set or not. */
static struct callable_name *make(struct callable_names *table, PyObject *callable,
				  PyObject *owner)
{
	char buffer[FORMAT_MAX];
	const char *text = format_callable(buffer, sizeof(buffer), callable);
	size_t size = strlen(text) + 1;
	struct callable_name *name = calloc(1, sizeof(*name) + size);

	if (!name)
		return NULL;
	memcpy(name->text, text, size);
	name->size = size;
	name->callable = callable;
	name->table = table;
	if (weakwatch_begin(&name->watch, owner, table->closure_type, died, name) < 0) {
		free(name);
		return NULL;
	}
	if (is_renamable(callable)) {
		name->module = pyobject_type_module((PyTypeObject *)callable);
		name->qualname = PyType_GetQualName((PyTypeObject *)callable);
	}
	return name;
}

static struct callable_name *add(struct callable_names *table, PyObject *callable)
{
	PyObject *owner = owner_of(callable);
	struct callable_name *name = owner ? make(table, callable, owner) : NULL, *added;

	Py_XDECREF(owner);
	PyErr_Clear();
	if (!name)
		return NULL;
	added = objtable_add(&table->names, callable, name);
	/* Another thread was first, or memory ran out. */
	if (added != name)
		name_free(name);
	return added;
}

/* A class has the name that it had when both are the same objects still. */
static bool is_current(const struct callable_name *name)
{
	PyObject *module, *qualname;
	bool is;

	if (!is_renamable(name->callable))
		return true;
	module = pyobject_type_module((PyTypeObject *)name->callable);
	qualname = PyType_GetQualName((PyTypeObject *)name->callable);
	is = qualname && qualname == name->qualname && module == name->module;
	PyErr_Clear();
	Py_XDECREF(module);
	Py_XDECREF(qualname);
	return is;
}

void callable_names_init(struct callable_names *table, PyTypeObject *closure_type)
{
	objtable_init(&table->names);
	table->closure_type = closure_type;
}

const char *callable_names_get(struct callable_names *table, PyObject *callable,
			       size_t size)
{
	const struct callable_name *name = objtable_find(&table->names, callable);

	if (!name)
		name = add(table, callable);
	return name && name->size <= size && is_current(name) ? name->text : NULL;
}

void callable_names_clear(struct callable_names *table)
{
	objtable_clear(&table->names, name_free);
}
