// SPDX-License-Identifier: BSD-2-Clause
#include "pycore.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "support.h"

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

static PyObject *record_as_tuple(const struct fake_record *record)
{
	return Py_BuildValue("(sssilzssKK)", event_name(record->event), record->name,
			     record->file, record->line, record->offset, record->value,
			     record->qualname, record->module,
			     (unsigned long long)record->id,
			     (unsigned long long)(uintptr_t)record->object);
}

static PyObject *records(PyObject *module, PyObject *file)
{
	PyObject *name = PyUnicode_AsUTF8String(file);
	PyObject *list = PyList_New(0);

	(void)module;
	for (size_t i = 0; i < fake_count(); i++) {
		const struct fake_record *record = fake_record(i);
		PyObject *tuple;

		if (strcmp(record->file, PyBytes_AsString(name)))
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
	Py_DECREF(name);
	return list;
}

typedef const char *format_fn(char *buffer, size_t size, PyObject *object);

/* The buffer is as large as said and no larger, for the sanitisers to see. */
static PyObject *format(format_fn *function, PyObject *arguments)
{
	PyObject *object, *result;
	Py_ssize_t size;
	char *buffer;

	if (!PyArg_ParseTuple(arguments, "On", &object, &size))
		return NULL;
	buffer = malloc((size_t)size);
	ck_assert_ptr_nonnull(buffer);
	ck_assert_ptr_eq(function(buffer, (size_t)size, object), buffer);
	ck_assert_msg(!PyErr_Occurred(), "an exception is left set");
	ck_assert_uint_lt(strlen(buffer), (size_t)size);
	result = PyUnicode_DecodeUTF8(buffer, (Py_ssize_t)strlen(buffer), NULL);
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
	{"watcher", watcher, METH_NOARGS, NULL},
	{"note", note, METH_O, NULL},
	{"format_value", as_value, METH_VARARGS, NULL},
	{"format_callable", as_callable, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static int add_constants(PyObject *module)
{
	for (int i = 0; i < EVENT_COUNT; i++)
		if (PyModule_AddIntConstant(module, event_name(i), (long)event_bit(i)) <
		    0)
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
