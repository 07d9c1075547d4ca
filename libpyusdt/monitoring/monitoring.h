/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This is sys.monitoring as one interpreter has it: the tool id, the events that are
 * set and the callbacks that are registered.
 *
 * Everything needs the GIL of the interpreter. Errors are negative errno values; no
 * exception is left set, and none may be set before.
 */
#ifndef PYUSDT_MONITORING_H
#define PYUSDT_MONITORING_H

#include "events/events.h"
#include "monitoring/calls.h"

/*
 * Look up what is needed, take nothing yet. The caller puts callbacks into @monitoring,
 * which owns them.
 *
 * Returns: 0; -ENOTSUP when there is no sys.monitoring, -ENOMEM.
 */
int monitoring_init(struct monitoring *monitoring);

void monitoring_clear(struct monitoring *monitoring);

/* Returns: the events that this CPython can have, as a mask of pyusdt.h. */
uint64_t monitoring_supported(const struct monitoring *monitoring);

/*
 * Take a tool id, @wanted or, where that is -1, the first free of 4, 3, 5, 1, 0, 2.
 *
 * Returns: 0; -EBUSY when it is not to be had, -EIO.
 */
int monitoring_take_tool(struct monitoring *monitoring, int wanted);

/*
 * The program may have freed the tool id. Where nobody has it now it is taken again, with
 * nothing set; nothing at all is done to one that another tool has.
 *
 * Returns: 0 when it is ours, or none is taken; -EBUSY when another tool has it; -EIO,
 * -ENOMEM.
 */
int monitoring_keep_tool(struct monitoring *monitoring);

/* Another tool has it: no id is taken, and nothing is set. */
void monitoring_forget_tool(struct monitoring *monitoring);

/* Give the tool id back. No events may be set. */
void monitoring_release_tool(struct monitoring *monitoring);

/*
 * From now on @scope is @code, borrowed, or where that is NULL nothing; no events are set
 * in it until the next monitoring_set().
 */
void monitoring_move(struct monitoring *monitoring, enum scope scope, PyObject *code);

/*
 * Set exactly the events of @wanted that this CPython has, all or nothing. Callbacks are
 * registered before their events are set and unregistered after.
 *
 * Returns: 1 when something changed, 0 when not; -EIO, -ENOMEM.
 */
int monitoring_set(struct monitoring *monitoring, struct monitor_sets wanted);

/*
 * Let all that callbacks have disabled be told again, of every tool.
 *
 * Returns: 0; -EIO, -ENOMEM.
 */
int monitoring_restart(struct monitoring *monitoring);

#endif /* PYUSDT_MONITORING_H */
