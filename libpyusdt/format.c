// SPDX-License-Identifier: BSD-2-Clause
#include "format.h"

#include <stdbool.h>

#include "pycompat.h"
#include "pyobject.h"
#include "text.h"

/* Returns: what is left when @object cannot be shown, after an error of ours. */
static void add_unknown(struct text *text)
{
	PyErr_Clear();
	text_add_string(text, "?");
}

/* @string is stolen; NULL stands for an error of ours. */
static void add_str(struct text *text, PyObject *string)
{
	PyObject *bytes = string ? pyobject_utf8(string) : NULL;
	char *data;
	Py_ssize_t size;

	if (bytes && PyBytes_AsStringAndSize(bytes, &data, &size) == 0)
		text_add(text, data, (size_t)size);
	else
		add_unknown(text);
	Py_XDECREF(bytes);
	Py_XDECREF(string);
}

/* "module." unless there is none. @module is stolen, may be NULL. */
static void add_module(struct text *text, PyObject *module)
{
	if (module && PyUnicode_Check(module) && PyUnicode_GetLength(module) > 0) {
		add_str(text, module);
		text_add_string(text, ".");
	} else {
		Py_XDECREF(module);
	}
}

/* Returns: the name of @type's module, a new reference, NULL where unknown. */
static PyObject *type_module(PyTypeObject *type)
{
	PyObject *module = NULL;

	if (PyType_GetFlags(type) & Py_TPFLAGS_HEAPTYPE) {
		PyObject *dict = pycompat_type_dict(type);

		module = pyobject_dict_str(dict, "__module__");
		Py_XDECREF(dict);
	} else if (Py_IS_TYPE((PyObject *)type, &PyType_Type)) {
		/* A static type whose metaclass is type itself: type's own getter. */
		module = PyObject_GetAttrString((PyObject *)type, "__module__");
		if (!module)
			PyErr_Clear();
	}
	return module;
}

static void add_type(struct text *text, PyTypeObject *type)
{
	add_module(text, type_module(type));
	/* Reads the type's own fields, whatever its metaclass defines. */
	add_str(text, PyType_GetQualName(type));
}

static void add_address(struct text *text, PyObject *object)
{
	text_add_string(text, "<");
	add_type(text, Py_TYPE(object));
	text_printf(text, " at %p>", (void *)object);
}

/*
 * An attribute of an object whose exact type is builtin and has it as a data descriptor.
 * Only the types below are asked this way; their getters run no user code.
 */
static PyObject *builtin_attribute(PyObject *object, const char *name)
{
	PyObject *value = PyObject_GetAttrString(object, name);

	if (!value)
		PyErr_Clear();
	return value;
}

static void add_function(struct text *text, PyObject *function)
{
	add_module(text, builtin_attribute(function, "__module__"));
	add_str(text, builtin_attribute(function, "__qualname__"));
}

/* Not by __qualname__: that of a bound builtin asks the metaclass of what it is bound to.
 */
static void add_builtin(struct text *text, PyObject *builtin)
{
	PyObject *self = builtin_attribute(builtin, "__self__");

	if (!self || self == Py_None || PyModule_Check(self)) {
		add_module(text, builtin_attribute(builtin, "__module__"));
	} else {
		add_type(text, PyType_Check(self) ? (PyTypeObject *)self : Py_TYPE(self));
		text_add_string(text, ".");
	}
	Py_XDECREF(self);
	add_str(text, builtin_attribute(builtin, "__name__"));
}

/* list.append, object.__init__, dict.fromkeys: unbound methods of C types. */
static void add_descriptor(struct text *text, PyObject *descriptor)
{
	PyObject *owner = builtin_attribute(descriptor, "__objclass__");

	if (owner) {
		add_type(text, (PyTypeObject *)owner);
		text_add_string(text, ".");
		Py_DECREF(owner);
	}
	add_str(text, builtin_attribute(descriptor, "__name__"));
}

static bool is_descriptor(PyObject *object)
{
	return Py_IS_TYPE(object, &PyMethodDescr_Type) ||
	       Py_IS_TYPE(object, &PyClassMethodDescr_Type) ||
	       Py_IS_TYPE(object, &PyWrapperDescr_Type);
}

static void add_callable(struct text *text, PyObject *object)
{
	PyObject *function = NULL;

	if (pycompat_is_method(object)) {
		/* What a method wraps may be anything, but never endlessly another
		 * method. */
		function = builtin_attribute(object, "__func__");
		if (function && !pycompat_is_method(function))
			object = function;
	}
	if (pycompat_is_function(object))
		add_function(text, object);
	else if (PyType_Check(object))
		add_type(text, (PyTypeObject *)object);
	else if (PyObject_TypeCheck(object, &PyCFunction_Type))
		add_builtin(text, object);
	else if (is_descriptor(object))
		add_descriptor(text, object);
	else
		add_address(text, object);
	Py_XDECREF(function);
}

/* Returns: -1 with an exception set. */
static long bit_length(PyObject *integer)
{
	PyObject *bits = PyObject_CallMethod(integer, "bit_length", NULL);
	long count = bits ? PyLong_AsLong(bits) : -1;

	Py_XDECREF(bits);
	return count;
}

static void add_int(struct text *text, PyObject *value)
{
	int overflow;
	long number = PyLong_AsLongAndOverflow(value, &overflow);
	PyObject *digits = NULL;
	long bits;

	if (!overflow) {
		text_printf(text, "%ld", number);
		return;
	}
	bits = bit_length(value);
	/* A decimal digit takes more than three bits. */
	if (bits >= 0 && (size_t)bits / 4 <= text_room(text))
		digits = PyObject_Repr(value);
	if (digits) {
		add_str(text, digits);
	} else if (bits >= 0) {
		/* Too long, or longer than sys.set_int_max_str_digits() allows. */
		PyErr_Clear();
		text_printf(text, "<int of %ld bits>", bits);
	} else {
		add_unknown(text);
	}
}

static void add_float(struct text *text, PyObject *value)
{
	char *string = PyOS_double_to_string(PyFloat_AsDouble(value), 'r', 0,
					     Py_DTSF_ADD_DOT_0, NULL);

	if (!string) {
		add_unknown(text);
		return;
	}
	text_add_string(text, string);
	PyMem_Free(string);
}

/*
 * @part: of a long @value only what can be shown is copied and written, a character takes
 * a byte or more. Stolen; NULL after an error.
 */
static void add_quoted(struct text *text, PyObject *value, PyObject *part)
{
	add_str(text, part ? PyObject_Repr(part) : NULL);
	if (part != value)
		text_cut(text);
	Py_XDECREF(part);
}

static void add_quoted_str(struct text *text, PyObject *value)
{
	Py_ssize_t length = PyUnicode_GetLength(value);
	Py_ssize_t room = (Py_ssize_t)text_room(text);

	add_quoted(text, value,
		   length <= room ? Py_NewRef(value)
				  : PyUnicode_Substring(value, 0, room));
}

static void add_quoted_bytes(struct text *text, PyObject *value)
{
	Py_ssize_t length = PyBytes_Size(value);
	Py_ssize_t room = (Py_ssize_t)text_room(text);

	add_quoted(text, value,
		   length <= room
			   ? Py_NewRef(value)
			   : PyBytes_FromStringAndSize(PyBytes_AsString(value), room));
}

static void add_value(struct text *text, PyObject *value)
{
	if (value == Py_None)
		text_add_string(text, "None");
	else if (value == Py_True)
		text_add_string(text, "True");
	else if (value == Py_False)
		text_add_string(text, "False");
	else if (PyLong_CheckExact(value))
		add_int(text, value);
	else if (PyFloat_CheckExact(value))
		add_float(text, value);
	else if (PyUnicode_CheckExact(value))
		add_quoted_str(text, value);
	else if (PyBytes_CheckExact(value))
		add_quoted_bytes(text, value);
	else
		add_callable(text, value);
}

const char *format_value(char *buffer, size_t size, PyObject *value)
{
	struct text text = TEXT_INIT(buffer, size);

	add_value(&text, value);
	return text_finish(&text);
}

const char *format_callable(char *buffer, size_t size, PyObject *callable)
{
	struct text text = TEXT_INIT(buffer, size);

	add_callable(&text, callable);
	return text_finish(&text);
}
