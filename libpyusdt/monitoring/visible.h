/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SCOPE_VISIBLE: events that are set in visible code alone, so that all other code costs
 * nothing. Where an event is set in all code, CPython goes on looking for new lines at
 * the targets of jumps, also in code that has disabled it.
 *
 * Everything needs the GIL of the interpreter, and no exception set.
 */
#ifndef PYUSDT_VISIBLE_H
#define PYUSDT_VISIBLE_H

#include <stdbool.h>

#include "monitoring/calls.h"

/*
 * Set @events in the code of monitoring->codes that is visible, and none in the rest.
 * Code that has no metadata yet gets them by visible_meet().
 *
 * Returns: 0; -EIO, -ENOMEM, with some of it done.
 */
int visible_set(struct monitoring *monitoring, monitor_set events);

/* Returns: whether visible_set() with @events would change nothing. */
bool visible_is(const struct monitoring *monitoring, monitor_set events);

/*
 * For a callback: visible code is entered, maybe for the first time. See that it has the
 * events that the rest has; where that fails, it is tried when it is entered again.
 */
void visible_meet(struct monitoring *monitoring, struct codemeta *code);

/* What was set is another tool's by now. */
void visible_forget(struct monitoring *monitoring);

#endif /* PYUSDT_VISIBLE_H */
