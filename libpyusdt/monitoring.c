// SPDX-License-Identifier: BSD-2-Clause
#include "monitoring.h"

#include <errno.h>
#include <stdbool.h>

#define TOOL_NAME "pyusdt"

/* The exception that is set becomes an error number. */
static int take_error(void)
{
	int error = PyErr_ExceptionMatches(PyExc_MemoryError) ? -ENOMEM : -EIO;

	PyErr_Clear();
	return error;
}

/* A function that is not there is no error of memory: this Python cannot do it. */
static int take_lookup_error(void)
{
	int error =
		PyErr_ExceptionMatches(PyExc_AttributeError) ? -ENOTSUP : take_error();

	PyErr_Clear();
	return error;
}

/* Returns: 0, the event has no number here, or an error. */
static int look_up_bit(PyObject *events, enum event event, long *bit)
{
	PyObject *number = PyObject_GetAttrString(events, event_name(event));

	if (!number) {
		int error = take_lookup_error();

		return error == -ENOTSUP ? 0 : error;
	}
	*bit = PyLong_AsLong(number);
	Py_DECREF(number);
	return PyErr_Occurred() ? take_error() : 0;
}

static int look_up_bits(struct monitoring *monitoring, PyObject *module)
{
	PyObject *events = PyObject_GetAttrString(module, "events");
	int error = events ? 0 : take_lookup_error();

	for (int i = 0; i < MONITOR_COUNT && !error; i++)
		error = look_up_bit(events, i, &monitoring->bits[i]);
	Py_XDECREF(events);
	return error;
}

int monitoring_init(struct monitoring *monitoring)
{
	const struct {
		const char *name;
		PyObject **function;
	} functions[] = {
		{"use_tool_id", &monitoring->use_tool_id},
		{"free_tool_id", &monitoring->free_tool_id},
		{"get_tool", &monitoring->get_tool},
		{"register_callback", &monitoring->register_callback},
		{"set_events", &monitoring->set_events},
	};
	PyObject *module = PySys_GetObject("monitoring"); /* borrowed */
	int error;

	monitoring->tool_id = -1;
	if (!module)
		return -ENOTSUP;
	Py_INCREF(module);
	error = look_up_bits(monitoring, module);
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]) && !error; i++) {
		*functions[i].function =
			PyObject_GetAttrString(module, functions[i].name);
		if (!*functions[i].function)
			error = take_lookup_error();
	}
	Py_DECREF(module);
	return error;
}

void monitoring_clear(struct monitoring *monitoring)
{
	for (int i = 0; i < MONITOR_COUNT; i++)
		Py_CLEAR(monitoring->callbacks[i]);
	Py_CLEAR(monitoring->use_tool_id);
	Py_CLEAR(monitoring->free_tool_id);
	Py_CLEAR(monitoring->get_tool);
	Py_CLEAR(monitoring->register_callback);
	Py_CLEAR(monitoring->set_events);
}

monitor_set monitoring_supported(const struct monitoring *monitoring)
{
	monitor_set supported = 0;

	for (int i = 0; i < MONITOR_COUNT; i++)
		if (monitoring->bits[i])
			supported |= (monitor_set)1 << i;
	return supported;
}

/* Returns: 0 or an error. The result of the call is dropped. */
static int finish_call(PyObject *result)
{
	if (!result)
		return take_error();
	Py_DECREF(result);
	return 0;
}

/* The program may have freed our tool id, and another tool may have it by now. */
static bool owns_tool(struct monitoring *monitoring)
{
	PyObject *name =
		PyObject_CallFunction(monitoring->get_tool, "i", monitoring->tool_id);
	bool owns = name && PyUnicode_CheckExact(name) &&
		    PyUnicode_CompareWithASCIIString(name, TOOL_NAME) == 0;

	finish_call(name);
	return owns;
}

static int try_tool(struct monitoring *monitoring, int id)
{
	PyObject *name = PyObject_CallFunction(monitoring->get_tool, "i", id);
	bool taken = name && name != Py_None;
	int error = finish_call(name);

	if (error)
		return error;
	if (taken)
		return -EBUSY;
	error = finish_call(
		PyObject_CallFunction(monitoring->use_tool_id, "is", id, TOOL_NAME));
	if (!error)
		monitoring->tool_id = id;
	return error;
}

int monitoring_take_tool(struct monitoring *monitoring, int wanted)
{
	/* Those that sys.monitoring gives a name to (0 debugger, 1 coverage, 2 profiler,
	 * 5 optimizer) come last. */
	static const int order[] = {4, 3, 5, 1, 0, 2};
	int error = -EBUSY;

	if (wanted >= 0)
		return try_tool(monitoring, wanted);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && error == -EBUSY; i++)
		error = try_tool(monitoring, order[i]);
	return error;
}

void monitoring_release_tool(struct monitoring *monitoring)
{
	if (owns_tool(monitoring))
		finish_call(PyObject_CallFunction(monitoring->free_tool_id, "i",
						  monitoring->tool_id));
	monitoring->tool_id = -1;
}

static int register_one(struct monitoring *monitoring, int event, PyObject *callback)
{
	return finish_call(PyObject_CallFunction(monitoring->register_callback, "ilO",
						 monitoring->tool_id,
						 monitoring->bits[event], callback));
}

static void unregister(struct monitoring *monitoring, monitor_set events)
{
	/* A failure leaves a callback that is never called: its event is not set. */
	for (int i = 0; i < MONITOR_COUNT; i++)
		if (events & (monitor_set)1 << i)
			register_one(monitoring, i, Py_None);
}

/* Returns: 0 or an error, with nothing registered. */
static int register_all(struct monitoring *monitoring, monitor_set events)
{
	monitor_set done = 0;

	for (int i = 0; i < MONITOR_COUNT; i++) {
		int error;

		if (!(events & (monitor_set)1 << i))
			continue;
		error = register_one(monitoring, i, monitoring->callbacks[i]);
		if (error) {
			unregister(monitoring, done);
			return error;
		}
		done |= (monitor_set)1 << i;
	}
	return 0;
}

static long cpython_bits(const struct monitoring *monitoring, monitor_set events)
{
	long bits = 0;

	for (int i = 0; i < MONITOR_COUNT; i++)
		if (events & (monitor_set)1 << i)
			bits |= monitoring->bits[i];
	return bits;
}

int monitoring_set(struct monitoring *monitoring, monitor_set wanted)
{
	monitor_set added = wanted & ~monitoring->events;
	monitor_set removed = monitoring->events & ~wanted;
	int error;

	if (wanted == monitoring->events)
		return 0;
	if (!owns_tool(monitoring))
		return -EIO;
	error = register_all(monitoring, added);
	if (error)
		return error;
	error = finish_call(PyObject_CallFunction(monitoring->set_events, "il",
						  monitoring->tool_id,
						  cpython_bits(monitoring, wanted)));
	if (error) {
		unregister(monitoring, added);
		return error;
	}
	unregister(monitoring, removed);
	monitoring->events = wanted;
	return 1;
}
