// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file writes values, callables and exceptions as text. It looks at exact builtin
 * types only, and at what they keep in C, so that no code of the program runs.
 */
#include "value/format.h"

#include <stdbool.h>

#include "base/pycompat.h"
#include "base/pyobject.h"
#include "base/text.h"

/* Add what stands for an object that cannot be shown, after an error of ours. */
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

static void add_type(struct text *text, PyTypeObject *type)
{
	add_module(text, pyobject_type_module(type));
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
	PyObject *value = pyobject_attribute(object, name);

	if (!value)
		PyErr_Clear();
	return value;
}

/*
 * A function is named by its code, as it is in the events of that code: the program may
 * have set its __qualname__.
 */
static void add_function(struct text *text, PyObject *function)
{
	add_module(text,
		   pyobject_dict_str(pycompat_function_globals(function), "__name__"));
	add_str(text, builtin_attribute(pycompat_function_code(function), "co_qualname"));
}

/*
 * A builtin is not named by its __qualname__: for a bound one that asks the metaclass of
 * what it is bound to.
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

bool format_is_descriptor(PyObject *object)
{
	return Py_IS_TYPE(object, &PyMethodDescr_Type) ||
	       Py_IS_TYPE(object, &PyClassMethodDescr_Type) ||
	       Py_IS_TYPE(object, &PyWrapperDescr_Type);
}

/*
 * What a method binds may be anything, but never endlessly another method.
 *
 * Returns: what is called by @object, borrowed.
 */
static PyObject *unbound(PyObject *object)
{
	PyObject *function =
		pycompat_is_method(object) ? pycompat_method_function(object) : object;

	return pycompat_is_method(function) ? object : function;
}

static void add_callable(struct text *text, PyObject *object);

/*
 * Is @object of the type functools.partial itself? A program may put one of its own in
 * the place of the C module's, but that one can be changed.
 */
static bool is_partial(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);
	PyObject *name, *partial = NULL;
	bool is;

	/* Looked up only for what has the name: it is a search. */
	name = PyType_GetName(type);
	if (name && PyType_HasFeature(type, Py_TPFLAGS_IMMUTABLETYPE) &&
	    !PyUnicode_CompareWithASCIIString(name, "partial"))
		partial = pyobject_module_member("_functools", "partial");
	is = partial && partial == (PyObject *)type;
	PyErr_Clear();
	Py_XDECREF(partial);
	Py_XDECREF(name);
	return is;
}

/* "functools.partial(module.function)" */
static void add_partial(struct text *text, PyObject *partial)
{
	PyObject *function = builtin_attribute(partial, "func");

	add_type(text, Py_TYPE(partial));
	text_add_string(text, "(");
	/* A partial may hold another one, and so on: only the first is followed. */
	if (function && !is_partial(unbound(function)))
		add_callable(text, function);
	else
		text_add_string(text, "...");
	text_add_string(text, ")");
	Py_XDECREF(function);
}

static void add_callable(struct text *text, PyObject *object)
{
	object = unbound(object);
	if (pycompat_is_function(object))
		add_function(text, object);
	else if (PyType_Check(object))
		add_type(text, (PyTypeObject *)object);
	else if (PyObject_TypeCheck(object, &PyCFunction_Type))
		add_builtin(text, object);
	else if (format_is_descriptor(object))
		add_descriptor(text, object);
	else if (is_partial(object))
		add_partial(text, object);
	else
		add_address(text, object);
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
		char buffer[TEXT_LONG_SIZE];

		text_add_string(text, text_long(buffer + sizeof(buffer), number));
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

/* Returns: whether repr() would only put quotes around it. */
static bool is_simple(const char *data, Py_ssize_t size)
{
	static const bool simple[256] = {
		[' ' ... '&'] = true,
		['(' ... '['] = true,
		[']' ... '~'] = true,
	};
	for (Py_ssize_t i = 0; i < size; i++)
		if (!simple[(unsigned char)data[i]])
			return false;
	return true;
}

static void add_quoted_str(struct text *text, PyObject *value)
{
	Py_ssize_t room = (Py_ssize_t)text_room(text), size;
	const char *data;

	if (PyUnicode_GetLength(value) > room) {
		add_quoted(text, value, PyUnicode_Substring(value, 0, room));
		return;
	}
	/* Most are in ASCII. */
	data = pycompat_ascii(value, &size);
	if (data && is_simple(data, size)) {
		text_add_string(text, "'");
		text_add(text, data, (size_t)size);
		text_add_string(text, "'");
	} else {
		add_quoted(text, value, Py_NewRef(value));
	}
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

/*
 * What a container shows of itself: this many items at most, each in so many bytes, so
 * that one of them does not take all the room.
 */
#define ITEMS_MAX 8
#define ITEM_SIZE 64

/* Returns: the builtin type's name where @value is an exact container, or NULL. */
static const char *container_name(PyObject *value)
{
	return PyList_CheckExact(value)               ? "list"
	       : PyTuple_CheckExact(value)            ? "tuple"
	       : PyDict_CheckExact(value)             ? "dict"
	       : Py_IS_TYPE(value, &PySet_Type)       ? "set"
	       : Py_IS_TYPE(value, &PyFrozenSet_Type) ? "frozenset"
						      : NULL;
}

static void add_value(struct text *text, PyObject *value);

/* Returns: the number of items of an exact container. */
static Py_ssize_t container_size(PyObject *container)
{
	return PyDict_CheckExact(container) || PyAnySet_Check(container)
		       ? PyObject_Size(container)
		       : PySequence_Size(container);
}

/* An item of a container: another container is not looked into. */
static void add_item(struct text *text, PyObject *item)
{
	char buffer[ITEM_SIZE];
	struct text part = TEXT_INIT(buffer, sizeof(buffer));
	const char *name = container_name(item);

	if (name && container_size(item) > 0)
		text_printf(&part, "<%s of %zd>", name, container_size(item));
	else
		add_value(&part, item);
	text_add_string(text, text_finish(&part));
}

/* Returns: whether there is to be one more item, after @count. */
static bool add_separator(struct text *text, Py_ssize_t count, Py_ssize_t size)
{
	if (count)
		text_add_string(text, ", ");
	if (count < ITEMS_MAX)
		return true;
	text_printf(text, "... %zd more", size - count);
	return false;
}

/* The items of a list or tuple, which another thread may be changing. */
static void add_items(struct text *text, PyObject *sequence)
{
	Py_ssize_t size = PySequence_Size(sequence);

	for (Py_ssize_t i = 0; i < size && add_separator(text, i, size); i++) {
		PyObject *item = PySequence_GetItem(sequence, i);

		if (!item)
			break;
		add_item(text, item);
		Py_DECREF(item);
	}
}

static void add_pairs(struct text *text, PyObject *dict)
{
	Py_ssize_t size = PyDict_Size(dict), position = 0, count = 0;
	PyObject *key, *value;

	PYCOMPAT_BEGIN_CRITICAL_SECTION(dict);
	while (PyDict_Next(dict, &position, &key, &value) &&
	       add_separator(text, count, size)) {
		add_item(text, key);
		text_add_string(text, ": ");
		add_item(text, value);
		count++;
	}
	PYCOMPAT_END_CRITICAL_SECTION();
}

/* To iterate over a set takes no hash and compares nothing. */
static void add_members(struct text *text, PyObject *set)
{
	Py_ssize_t size = PySet_Size(set), count = 0;
	PyObject *iterator = PyObject_GetIter(set), *item;

	while (iterator && (item = PyIter_Next(iterator))) {
		bool more = add_separator(text, count++, size);

		if (more)
			add_item(text, item);
		Py_DECREF(item);
		if (!more)
			break;
	}
	Py_XDECREF(iterator);
}

static void add_set(struct text *text, PyObject *set)
{
	bool frozen = Py_IS_TYPE(set, &PyFrozenSet_Type);

	if (!PySet_Size(set)) {
		text_add_string(text, frozen ? "frozenset()" : "set()");
		return;
	}
	text_add_string(text, frozen ? "frozenset({" : "{");
	add_members(text, set);
	text_add_string(text, frozen ? "})" : "}");
}

/* A container is written as repr() writes it, unless it is long or nested. */
static void add_container(struct text *text, PyObject *container)
{
	if (PyList_CheckExact(container)) {
		text_add_string(text, "[");
		add_items(text, container);
		text_add_string(text, "]");
	} else if (PyTuple_CheckExact(container)) {
		text_add_string(text, "(");
		add_items(text, container);
		text_add_string(text, PyTuple_Size(container) == 1 ? ",)" : ")");
	} else if (PyDict_CheckExact(container)) {
		text_add_string(text, "{");
		add_pairs(text, container);
		text_add_string(text, "}");
	} else {
		add_set(text, container);
	}
	/* Another thread has changed it in between. */
	PyErr_Clear();
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
	else if (container_name(value))
		add_container(text, value);
	else
		add_callable(text, value);
}

const char *format_other(char *buffer, size_t size, PyObject *value)
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

/* A traceback leaves out the module where that is builtins or __main__; so do we. */
static void add_exception_type(struct text *text, PyTypeObject *type)
{
	PyObject *module = pyobject_type_module(type);

	if (module && (!PyUnicode_CompareWithASCIIString(module, "builtins") ||
		       !PyUnicode_CompareWithASCIIString(module, "__main__")))
		Py_CLEAR(module);
	add_module(text, module);
	add_str(text, PyType_GetQualName(type));
}

/* Is it shown by its value, rather than by its type and address? */
static bool is_plain(PyObject *value)
{
	return value == Py_None || PyBool_Check(value) || PyLong_CheckExact(value) ||
	       PyFloat_CheckExact(value) || PyUnicode_CheckExact(value) ||
	       PyBytes_CheckExact(value);
}

/*
 * @message: an exact str.
 *
 * Returns: it, or one in which all that would break lines is escaped, a new reference;
 * NULL with an exception set.
 */
static PyObject *printable(PyObject *message)
{
	PyObject *result = NULL, *quoted;
	PyObject *is = PyObject_CallMethod(message, "isprintable", NULL);

	if (is == Py_True) {
		result = Py_NewRef(message);
	} else if (is) {
		quoted = PyObject_Repr(message);
		if (quoted)
			result = PyUnicode_Substring(quoted, 1,
						     PyUnicode_GetLength(quoted) - 1);
		Py_XDECREF(quoted);
	}
	Py_XDECREF(is);
	return result;
}

/* Text for people: without quotes. */
static void add_message(struct text *text, PyObject *message)
{
	Py_ssize_t room = (Py_ssize_t)text_room(text);
	PyObject *part = PyUnicode_Substring(message, 0, room);

	add_str(text, part ? printable(part) : NULL);
	if (PyUnicode_GetLength(message) > room)
		text_cut(text);
	Py_XDECREF(part);
}

static bool is_a(PyObject *exception, PyObject *type)
{
	return PyType_IsSubtype(Py_TYPE(exception), (PyTypeObject *)type);
}

/* @args: of @exception, not empty; the first one is plain. As str(@exception), nearly. */
static void add_args(struct text *text, PyObject *exception, PyObject *args)
{
	PyObject *first = PyTuple_GetItem(args, 0);
	PyObject *second = PyTuple_Size(args) > 1 ? PyTuple_GetItem(args, 1) : NULL;

	if (second && is_a(exception, PyExc_OSError) && PyLong_CheckExact(first) &&
	    PyUnicode_CheckExact(second)) {
		text_add_string(text, "[Errno ");
		add_int(text, first);
		text_add_string(text, "] ");
		add_message(text, second);
	} else if (second) {
		text_add_string(text, "(");
		add_value(text, first);
		text_add_string(text, ", ...)");
	} else if (PyUnicode_CheckExact(first) && !is_a(exception, PyExc_KeyError)) {
		add_message(text, first);
	} else {
		add_value(text, first);
	}
}

const char *format_exception(char *buffer, size_t size, PyObject *exception)
{
	struct text text = TEXT_INIT(buffer, size);
	PyObject *args = NULL;

	add_exception_type(&text, Py_TYPE(exception));
	/* These are what the exception was made with; its class may define args anew. */
	if (PyExceptionInstance_Check(exception))
		args = PyException_GetArgs(exception);
	if (args && PyTuple_Size(args) > 0 && is_plain(PyTuple_GetItem(args, 0))) {
		text_add_string(&text, ": ");
		add_args(&text, exception, args);
	}
	PyErr_Clear();
	Py_XDECREF(args);
	return text_finish(&text);
}

const char *format_repr(char *buffer, size_t size, PyObject *value)
{
	struct text text = TEXT_INIT(buffer, size);
	PyObject *string = PyObject_Repr(value);

	if (string) {
		add_str(&text, string);
		return text_finish(&text);
	}
	/* Whatever it raised must not get into the program, but Ctrl-C is the program's.
	 */
	if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
		PyErr_SetInterrupt();
	PyErr_Clear();
	return format_value(buffer, size, value);
}
