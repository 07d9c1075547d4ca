// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file decides which calls of sys.monitoring bring it from what is set to what is
 * wanted, and undoes those that were made where a later one fails.
 */
#include "monitoring/monitoring.h"

#include <errno.h>

#include "base/pycompat.h"
#include "monitoring/visible.h"

/* A function that is not there is no error of memory: this Python cannot do it. */
static int take_lookup_error(void)
{
	int error = PyErr_ExceptionMatches(PyExc_AttributeError) ? -ENOTSUP
								 : calls_take_error();

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
	return PyErr_Occurred() ? calls_take_error() : 0;
}

static int look_up_bits(struct monitoring *monitoring, PyObject *module)
{
	PyObject *events = PyObject_GetAttrString(module, "events");
	int error = events ? 0 : take_lookup_error();

	for (int i = 0; i < MONITOR_COUNT && !error; i++)
		error = look_up_bit(events, i, &monitoring->bits[i]);
	/* BRANCH is an alias of both then, which must not be registered beside them. */
	if (monitoring->bits[EVENT_BRANCH_LEFT])
		monitoring->bits[EVENT_BRANCH] = 0;
	Py_XDECREF(events);
	return error;
}

int monitoring_init(struct monitoring *monitoring)
{
	const struct {
		const char *name;
		PyObject **object;
	} members[] = {
		{"use_tool_id", &monitoring->use_tool_id},
		{"free_tool_id", &monitoring->free_tool_id},
		{"get_tool", &monitoring->get_tool},
		{"register_callback", &monitoring->register_callback},
		{"set_events", &monitoring->set_events},
		{"set_local_events", &monitoring->set_local_events},
		{"restart_events", &monitoring->restart_events},
		{"DISABLE", &monitoring->disable},
	};
	PyObject *module = PySys_GetObject("monitoring"); /* borrowed */
	int error;

	monitoring->tool_id = -1;
	if (!module)
		return -ENOTSUP;
	Py_INCREF(module);
	error = look_up_bits(monitoring, module);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && !error; i++) {
		*members[i].object = PyObject_GetAttrString(module, members[i].name);
		if (!*members[i].object)
			error = take_lookup_error();
	}
	Py_DECREF(module);
	return error;
}

void monitoring_clear(struct monitoring *monitoring)
{
	PyObject **const members[] = {
		&monitoring->use_tool_id,        &monitoring->free_tool_id,
		&monitoring->get_tool,           &monitoring->register_callback,
		&monitoring->set_events,         &monitoring->set_local_events,
		&monitoring->restart_events,     &monitoring->disable,
		&monitoring->code[SCOPE_IMPORT], &monitoring->code[SCOPE_THREAD],
	};

	for (int i = 0; i < MONITOR_COUNT; i++)
		Py_CLEAR(monitoring->callbacks[i]);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		Py_CLEAR(*members[i]);
}

/* Returns: the sys.monitoring events that this CPython has. */
static monitor_set available(const struct monitoring *monitoring)
{
	monitor_set set = 0;

	for (int i = 0; i < MONITOR_COUNT; i++)
		if (monitoring->bits[i])
			set |= (monitor_set)1 << i;
	return set;
}

uint64_t monitoring_supported(const struct monitoring *monitoring)
{
	uint64_t mask = 0;

	for (int i = 0; i < EVENT_COUNT; i++) {
		struct monitor_sets sets = events_required(event_bit(i));
		monitor_set required = monitor_sets_union(&sets);

		if (!required || required & available(monitoring))
			mask |= event_bit(i);
	}
	return mask;
}

static int try_tool(struct monitoring *monitoring, int id)
{
	int error = calls_find_owner(monitoring, id);

	if (error)
		return error < 0 ? error : -EBUSY;
	error = calls_use_tool(monitoring, id);
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
	if (calls_own_tool(monitoring))
		calls_free_tool(monitoring);
	monitoring->tool_id = -1;
}

void monitoring_forget_tool(struct monitoring *monitoring)
{
	monitoring->tool_id = -1;
	monitoring->events = (struct monitor_sets){0};
	monitoring->registered = 0;
	visible_forget(monitoring);
}

static void unregister(struct monitoring *monitoring, monitor_set events)
{
	/* A failure leaves a callback that is never called: its event is not set. */
	for (int i = 0; i < MONITOR_COUNT; i++)
		if (events & (monitor_set)1 << i)
			calls_register(monitoring, i, Py_None);
	monitoring->registered &= ~events;
}

/* Returns: 0, or an error with none of @events registered. */
static int register_all(struct monitoring *monitoring, monitor_set events)
{
	for (int i = 0; i < MONITOR_COUNT; i++) {
		int error;

		if (!(events & (monitor_set)1 << i))
			continue;
		error = calls_register(monitoring, i, monitoring->callbacks[i]);
		if (error) {
			unregister(monitoring, monitoring->registered & events);
			return error;
		}
		monitoring->registered |= (monitor_set)1 << i;
	}
	return 0;
}

/* PY_UNWIND was not to be had for one code object before 3.15. */
static bool has_local_unwind(void)
{
	return pycompat_version() >= 0x030f0000;
}

/* Returns: what of @wanted can be set here, and where. */
static struct monitor_sets settable(const struct monitoring *monitoring,
				    struct monitor_sets wanted)
{
	for (int scope = 0; scope < SCOPE_COUNT; scope++) {
		if (scope_is_function(scope) && !monitoring->code[scope])
			wanted.in[scope] = 0;
		wanted.in[scope] &= available(monitoring);
		if (scope_is_function(scope) && !has_local_unwind()) {
			wanted.in[SCOPE_ALL] |= wanted.in[scope] & MONITOR(PY_UNWIND);
			wanted.in[scope] &= ~MONITOR(PY_UNWIND);
		}
	}
	return wanted;
}

/* A function of CPython's own may be visible. Returns: 0 or an error. */
static int write_function(struct monitoring *monitoring, PyObject *code,
			  monitor_set events)
{
	const struct codemeta *meta = codetable_find(monitoring->codes, code);

	return calls_set_local_events(monitoring, code,
				      events | (meta ? meta->local_events : 0));
}

/* Returns: 0 or an error. */
static int write_scope(struct monitoring *monitoring, enum scope scope,
		       monitor_set events)
{
	int error = 0;

	if (scope == SCOPE_ALL)
		error = calls_set_events(monitoring, events);
	else if (scope == SCOPE_VISIBLE)
		error = visible_set(monitoring, events);
	else
		error = write_function(monitoring, monitoring->code[scope], events);
	if (!error)
		monitoring->events.in[scope] = events;
	return error;
}

static bool is_set(const struct monitoring *monitoring, enum scope scope,
		   monitor_set events)
{
	return scope == SCOPE_VISIBLE ? visible_is(monitoring, events)
				      : events == monitoring->events.in[scope];
}

static int set_scope(struct monitoring *monitoring, enum scope scope, monitor_set events)
{
	return is_set(monitoring, scope, events) ? 0
						 : write_scope(monitoring, scope, events);
}

static bool all_are_set(const struct monitoring *monitoring,
			const struct monitor_sets *wanted)
{
	for (int scope = 0; scope < SCOPE_COUNT; scope++)
		if (!is_set(monitoring, scope, wanted->in[scope]))
			return false;
	return true;
}

/* Returns: 0, or an error with nothing changed. */
static int set_scopes(struct monitoring *monitoring, const struct monitor_sets *wanted)
{
	const struct monitor_sets before = monitoring->events;
	int error = 0;

	for (int scope = 0; scope < SCOPE_COUNT && !error; scope++)
		error = set_scope(monitoring, scope, wanted->in[scope]);
	for (int scope = 0; scope < SCOPE_COUNT && error; scope++)
		set_scope(monitoring, scope, before.in[scope]);
	return error;
}

void monitoring_move(struct monitoring *monitoring, enum scope scope, PyObject *code)
{
	PyObject *before = monitoring->code[scope];

	if (before == code)
		return;
	/* Where this fails the old code's events are dropped by their callbacks. */
	set_scope(monitoring, scope, 0);
	monitoring->code[scope] = Py_XNewRef(code);
	monitoring->events.in[scope] = 0;
	Py_XDECREF(before);
}

int monitoring_set(struct monitoring *monitoring, struct monitor_sets wanted)
{
	monitor_set needed, added;
	int error;

	wanted = settable(monitoring, wanted);
	needed = monitor_sets_union(&wanted);
	/* More are registered where a scope has gone with its events. */
	if (needed == monitoring->registered && all_are_set(monitoring, &wanted))
		return 0;
	if (!calls_own_tool(monitoring))
		return -EIO;
	added = needed & ~monitoring->registered;
	error = register_all(monitoring, added);
	if (error)
		return error;
	error = set_scopes(monitoring, &wanted);
	if (error) {
		unregister(monitoring, added);
		return error;
	}
	unregister(monitoring, monitoring->registered & ~needed);
	return 1;
}

/*
 * A tool's events and callbacks go with its id from 3.14 on, and stay before: what is set
 * now is not known. Returns: 0 with nothing set, or an error.
 */
static int clear(struct monitoring *monitoring)
{
	int error = 0;

	for (int scope = 0; scope < SCOPE_COUNT && !error; scope++)
		if (!scope_is_function(scope) || monitoring->code[scope])
			error = write_scope(monitoring, scope, 0);
	if (!error)
		unregister(monitoring, monitoring->registered);
	return error;
}

static int take_again(struct monitoring *monitoring)
{
	int error = try_tool(monitoring, monitoring->tool_id);

	if (error)
		return error;
	error = clear(monitoring);
	/* The id is freed, so that the next look finds it lost and tries again. */
	if (error)
		calls_free_tool(monitoring);
	return error;
}

int monitoring_keep_tool(struct monitoring *monitoring)
{
	int owner;

	if (monitoring->tool_id < 0)
		return 0;
	owner = calls_find_owner(monitoring, monitoring->tool_id);
	if (!owner)
		return take_again(monitoring);
	return owner < 0 ? owner : 0;
}

int monitoring_restart(struct monitoring *monitoring)
{
	return calls_restart(monitoring);
}
