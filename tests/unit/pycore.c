// SPDX-License-Identifier: BSD-2-Clause
#include "pycore.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "value/format.h"

#define NOTES_MAX 64

static long notes[NOTES_MAX];
static size_t note_count;

size_t pycore_note_count(void)
{
	return __atomic_load_n(&note_count, __ATOMIC_ACQUIRE);
}

long pycore_note(size_t index)
{
	return notes[index];
}

static PyObject *note(PyObject *module, PyObject *number)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	(void)module;
	pthread_mutex_lock(&lock);
	ck_assert_uint_lt(note_count, NOTES_MAX);
	notes[note_count] = PyLong_AsLong(number);
	__atomic_store_n(&note_count, note_count + 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
	Py_RETURN_NONE;
}

static PyObject *enable(PyObject *module, PyObject *mask)
{
	(void)module;
	return PyLong_FromLong(pyusdt_enable(PyLong_AsUnsignedLongLong(mask)));
}

static PyObject *configure(PyObject *module, PyObject *poll_msec)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	(void)module;
	pyusdt_options_get(&options);
	options.poll_msec = (unsigned int)PyLong_AsUnsignedLong(poll_msec);
	return PyLong_FromLong(pyusdt_configure(&options));
}

static PyObject *watch(PyObject *module, PyObject *mask)
{
	(void)module;
	fake_watch(PyLong_AsUnsignedLongLong(mask));
	Py_RETURN_NONE;
}

#define WITHOUT_ARGUMENT(name, expression)                           \
	static PyObject *name(PyObject *module, PyObject *unused)    \
	{                                                            \
		(void)module;                                        \
		(void)unused;                                        \
		return PyLong_FromLongLong((long long)(expression)); \
	}
WITHOUT_ARGUMENT(disable, pyusdt_disable())
WITHOUT_ARGUMENT(poll, pyusdt_poll())
WITHOUT_ARGUMENT(enabled, pyusdt_enabled())
WITHOUT_ARGUMENT(active, pyusdt_active())
WITHOUT_ARGUMENT(supported, pyusdt_supported())
WITHOUT_ARGUMENT(watcher, watcher_tid())

static PyObject *clear(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	fake_clear();
	Py_RETURN_NONE;
}

/* @item is stolen. */
static void append(PyObject *list, PyObject *item)
{
	ck_assert_ptr_nonnull(item);
	ck_assert_int_eq(PyList_Append(list, item), 0);
	Py_DECREF(item);
}

static PyObject *other_as_tuple(const struct fake_record *record)
{
	PyObject *list = PyList_New(0), *tuple;

	append(list, PyUnicode_FromString(event_name(record->event)));
	if (record->name)
		append(list, PyUnicode_FromString(record->name));
	for (int i = 0; i < record->number_count; i++)
		append(list, PyLong_FromLong(record->numbers[i]));
	tuple = PyList_AsTuple(list);
	Py_DECREF(list);
	return tuple;
}

/* The event's name, and the arguments of the probe in their order. */
static PyObject *record_as_tuple(const struct fake_record *record)
{
	const char *event = event_name(record->event);

	switch (record->shape) {
	case FAKE_EVENT:
		return Py_BuildValue("(sssilzssKK)", event, record->name, record->file,
				     record->line, record->offset, record->value,
				     record->qualname, record->module,
				     (unsigned long long)record->id,
				     (unsigned long long)(uintptr_t)record->object);
	case FAKE_CODE:
		return Py_BuildValue("(sKssiss)", event, (unsigned long long)record->id,
				     record->name, record->file, record->line,
				     record->qualname, record->module);
	case FAKE_PYTHON:
		return Py_BuildValue("(sssi)", event, record->file, record->name,
				     record->line);
	case FAKE_SUMS:
		return Py_BuildValue(
			"(sssiKllllll)", event, record->qualname, record->file,
			record->line, (unsigned long long)record->id, record->numbers[0],
			record->numbers[1], record->numbers[2], record->numbers[3],
			record->numbers[4], record->numbers[5]);
	case FAKE_BUCKET:
		return Py_BuildValue("(sssiKll)", event, record->qualname, record->file,
				     record->line, (unsigned long long)record->id,
				     record->numbers[0], record->numbers[1]);
	case FAKE_OTHER:
		break;
	}
	return other_as_tuple(record);
}

/* @file: NULL for the records that have none. */
static PyObject *records_of(const char *file)
{
	PyObject *list = PyList_New(0);

	for (size_t i = 0; i < fake_count(); i++) {
		const struct fake_record *record = fake_record(i);
		PyObject *tuple;

		if (file ? !record->file || strcmp(record->file, file) != 0
			 : record->file != NULL)
			continue;
		tuple = record_as_tuple(record);
		if (tuple)
			PyList_Append(list, tuple);
		else
			Py_CLEAR(list);
		Py_XDECREF(tuple);
		if (!list)
			break;
	}
	return list;
}

static PyObject *records(PyObject *module, PyObject *file)
{
	PyObject *name = PyUnicode_AsUTF8String(file);
	PyObject *list = records_of(PyBytes_AsString(name));

	(void)module;
	Py_DECREF(name);
	return list;
}

static PyObject *others(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return records_of(NULL);
}

typedef const char *format_fn(char *buffer, size_t size, PyObject *object);

/* The buffer is as large as said and no larger, for the sanitisers to see. */
static PyObject *format(format_fn *function, PyObject *arguments)
{
	PyObject *object, *result;
	Py_ssize_t size;
	const char *text;
	char *buffer;

	if (!PyArg_ParseTuple(arguments, "On", &object, &size))
		return NULL;
	buffer = malloc((size_t)size);
	ck_assert_ptr_nonnull(buffer);
	text = function(buffer, (size_t)size, object);
	ck_assert_msg(!PyErr_Occurred(), "an exception is left set");
	/* Or static. */
	if (buffer <= text && text < buffer + size)
		ck_assert_ptr_nonnull(memchr(text, '\0', (size_t)(buffer + size - text)));
	ck_assert_uint_lt(strlen(text), (size_t)size);
	result = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), NULL);
	free(buffer);
	return result;
}

static PyObject *as_value(PyObject *module, PyObject *arguments)
{
	(void)module;
	return format(format_value, arguments);
}

static PyObject *as_callable(PyObject *module, PyObject *arguments)
{
	(void)module;
	return format(format_callable, arguments);
}

static PyObject *as_exception(PyObject *module, PyObject *arguments)
{
	(void)module;
	return format(format_exception, arguments);
}

static PyMethodDef methods[] = {
	{"enable", enable, METH_O, NULL},
	{"disable", disable, METH_NOARGS, NULL},
	{"poll", poll, METH_NOARGS, NULL},
	{"enabled", enabled, METH_NOARGS, NULL},
	{"active", active, METH_NOARGS, NULL},
	{"supported", supported, METH_NOARGS, NULL},
	{"configure", configure, METH_O, NULL},
	{"watch", watch, METH_O, NULL},
	{"records", records, METH_O, NULL},
	{"others", others, METH_NOARGS, NULL},
	{"clear", clear, METH_NOARGS, NULL},
	{"watcher", watcher, METH_NOARGS, NULL},
	{"note", note, METH_O, NULL},
	{"format_value", as_value, METH_VARARGS, NULL},
	{"format_callable", as_callable, METH_VARARGS, NULL},
	{"format_exception", as_exception, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static int add_names(PyObject *module)
{
	PyObject *names = PyList_New(0);
	int error;

	for (int i = 0; i < MONITOR_COUNT; i++)
		append(names, PyUnicode_FromString(event_name(i)));
	error = PyModule_AddObjectRef(module, "NAMES", names);
	Py_DECREF(names);
	return error;
}

static int add_constants(PyObject *module)
{
	for (int i = 0; i < EVENT_COUNT; i++)
		if (PyModule_AddIntConstant(module, event_name(i), (long)event_bit(i)) <
		    0)
			return -1;
	if (add_names(module) < 0)
		return -1;
	return PyModule_AddIntConstant(module, "ALL", (long)ALL_EVENTS);
}

static PyModuleDef_Slot slots[] = {
	{Py_mod_exec, add_constants},
	{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
	{0, NULL},
};

static PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "core",
	.m_methods = methods,
	.m_slots = slots,
};

static PyObject *init_core(void)
{
	return PyModuleDef_Init(&definition);
}

void pycore_register(void)
{
	PyImport_AppendInittab("core", init_core);
}
