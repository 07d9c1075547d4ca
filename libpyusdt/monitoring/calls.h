/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All calls into sys.monitoring are here, one function each, and what they are made with.
 * What is set, and why, is for others to know: see monitoring.h.
 *
 * Everything needs the GIL of the interpreter. Errors are negative errno values; no
 * exception is left set, and none may be set before.
 */
#ifndef PYUSDT_CALLS_H
#define PYUSDT_CALLS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

#include "code/codetable.h"
#include "events/events.h"

struct monitoring {
	struct codetable *codes; /* borrowed; has all code that is told of */
	/* Functions of sys.monitoring, owned: a program may replace the module's own. */
	PyObject *use_tool_id;
	PyObject *free_tool_id;
	PyObject *get_tool;
	PyObject *register_callback;
	PyObject *set_events;
	PyObject *set_local_events;
	PyObject *restart_events;
	PyObject *disable; /* sys.monitoring.DISABLE, owned */
	/* CPython's number of each event, which differ between versions; 0: has it not.
	 */
	long bits[MONITOR_COUNT];
	int tool_id;                 /* -1: none taken */
	struct monitor_sets events;  /* set now */
	unsigned int filters;        /* version that SCOPE_VISIBLE follows */
	bool visible_failed;         /* SCOPE_VISIBLE may be set in part */
	monitor_set registered;      /* events that have our callback */
	PyObject *code[SCOPE_COUNT]; /* of the scope, owned; NULL: not there (yet) */
	/* What sys.monitoring calls for each event; owned. Context: the interpreter's. */
	PyObject *callbacks[MONITOR_COUNT];
};

/* The exception that is set becomes an error number. */
int calls_take_error(void);

/*
 * The program may have freed our tool id, and another tool may have it by now.
 *
 * Returns: 1 when @id has our name, 0 when nobody has it, -EBUSY when another tool has,
 * or an error.
 */
int calls_find_owner(struct monitoring *monitoring, int id);

/* Returns: whether the tool id that was taken has our name. */
bool calls_own_tool(struct monitoring *monitoring);

/* The rest returns 0 or an error: -EIO, -ENOMEM. */
int calls_use_tool(struct monitoring *monitoring, int id);
int calls_free_tool(struct monitoring *monitoring);
int calls_register(struct monitoring *monitoring, int event, PyObject *callback);
int calls_set_events(struct monitoring *monitoring, monitor_set events);
int calls_set_local_events(struct monitoring *monitoring, PyObject *code,
			   monitor_set events);
int calls_restart(struct monitoring *monitoring);

#endif /* PYUSDT_CALLS_H */
