// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file goes through the code that is known and has the events of each code object
 * follow the filters.
 */
#include "monitoring/visible.h"

#include <errno.h>

#include "code/filters.h"

/* A function of CPython's own may be visible, too. Returns: 0 or an error. */
static int set_in(struct monitoring *monitoring, struct codemeta *code,
		  monitor_set events)
{
	monitor_set all = events;
	int error;

	for (int scope = 0; scope < SCOPE_COUNT; scope++)
		if (scope_is_function(scope) && monitoring->code[scope] == code->code)
			all |= monitoring->events.in[scope];
	error = calls_set_local_events(monitoring, code->code, all);
	if (!error)
		code->local_events = events;
	return error;
}

/* Returns: 0 or an error. */
static int follow(struct monitoring *monitoring, struct codemeta *code,
		  monitor_set events)
{
	monitor_set wanted = codemeta_visible(code) ? events : 0;

	return code->local_events == wanted ? 0 : set_in(monitoring, code, wanted);
}

/* Returns: 0 or an error. */
static int follow_all(struct monitoring *monitoring, monitor_set events)
{
	/* A list: the program may have put code of its own in the place of CPython's. */
	PyObject *list = codetable_list(monitoring->codes);
	int error = 0;

	if (!list)
		return calls_take_error();
	for (Py_ssize_t i = 0; i < PyList_Size(list) && !error; i++) {
		struct codemeta *code =
			codetable_find(monitoring->codes, PyList_GetItem(list, i));

		if (code)
			error = follow(monitoring, code, events);
	}
	Py_DECREF(list);
	return error;
}

int visible_set(struct monitoring *monitoring, monitor_set events)
{
	unsigned int filters = filters_version();
	int error = follow_all(monitoring, events);

	monitoring->visible_failed = error;
	if (!error)
		monitoring->filters = filters;
	return error;
}

bool visible_is(const struct monitoring *monitoring, monitor_set events)
{
	return events == monitoring->events.in[SCOPE_VISIBLE] &&
	       !monitoring->visible_failed &&
	       (!events || monitoring->filters == filters_version());
}

void visible_meet(struct monitoring *monitoring, struct codemeta *code)
{
	monitor_set events = monitoring->events.in[SCOPE_VISIBLE];

	if (code->local_events != events && calls_own_tool(monitoring))
		set_in(monitoring, code, events);
}

/* For objtable_walk(). */
static int forget(void *value, void *context)
{
	struct codemeta *code = value;

	(void)context;
	code->local_events = 0;
	return 0;
}

void visible_forget(struct monitoring *monitoring)
{
	objtable_walk(&monitoring->codes->metas, forget, NULL);
	monitoring->visible_failed = false;
}
