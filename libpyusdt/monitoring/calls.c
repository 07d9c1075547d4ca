// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file turns our sets of events into CPython's, calls the functions of
 * sys.monitoring, and turns their exceptions into error numbers.
 */
#include "monitoring/calls.h"

#include <errno.h>

#define TOOL_NAME "pyusdt"

int calls_take_error(void)
{
	int error = PyErr_ExceptionMatches(PyExc_MemoryError) ? -ENOMEM : -EIO;

	PyErr_Clear();
	return error;
}

/* Returns: 0 or an error. The result of the call is dropped. */
static int finish_call(PyObject *result)
{
	if (!result)
		return calls_take_error();
	Py_DECREF(result);
	return 0;
}

int calls_find_owner(struct monitoring *monitoring, int id)
{
	PyObject *name = PyObject_CallFunction(monitoring->get_tool, "i", id);
	int result = -EBUSY;

	if (!name)
		return calls_take_error();
	if (name == Py_None)
		result = 0;
	else if (PyUnicode_CheckExact(name) &&
		 PyUnicode_CompareWithASCIIString(name, TOOL_NAME) == 0)
		result = 1;
	Py_DECREF(name);
	return result;
}

bool calls_own_tool(struct monitoring *monitoring)
{
	return calls_find_owner(monitoring, monitoring->tool_id) == 1;
}

/*
 * CPython has no bit in its sets for C_RETURN and C_RAISE: they come, to whoever has
 * registered for them, where CALL is set.
 */
static long cpython_bits(const struct monitoring *monitoring, monitor_set events)
{
	long bits = 0;

	for (int i = 0; i < MONITOR_COUNT; i++)
		if (events & (monitor_set)1 << i)
			bits |= monitoring->bits[i == EVENT_C_RETURN || i == EVENT_C_RAISE
							 ? EVENT_CALL
							 : i];
	return bits;
}

int calls_use_tool(struct monitoring *monitoring, int id)
{
	return finish_call(
		PyObject_CallFunction(monitoring->use_tool_id, "is", id, TOOL_NAME));
}

int calls_free_tool(struct monitoring *monitoring)
{
	return finish_call(PyObject_CallFunction(monitoring->free_tool_id, "i",
						 monitoring->tool_id));
}

int calls_register(struct monitoring *monitoring, int event, PyObject *callback)
{
	return finish_call(PyObject_CallFunction(monitoring->register_callback, "ilO",
						 monitoring->tool_id,
						 monitoring->bits[event], callback));
}

int calls_set_events(struct monitoring *monitoring, monitor_set events)
{
	return finish_call(PyObject_CallFunction(monitoring->set_events, "il",
						 monitoring->tool_id,
						 cpython_bits(monitoring, events)));
}

int calls_set_local_events(struct monitoring *monitoring, PyObject *code,
			   monitor_set events)
{
	return finish_call(PyObject_CallFunction(monitoring->set_local_events, "iOl",
						 monitoring->tool_id, code,
						 cpython_bits(monitoring, events)));
}

int calls_restart(struct monitoring *monitoring)
{
	return finish_call(PyObject_CallNoArgs(monitoring->restart_events));
}
