/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which events are armed in which interpreter, and keeping what is instrumented in step
 * with what is watched. Errors are as in pyusdt.h.
 *
 * A change of an interpreter is made by the thread whose turn it is, see turn.h.
 */
#ifndef PYUSDT_CONTROL_H
#define PYUSDT_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "pyusdt.h"

struct interp;

/* These need the GIL of @interp, and no exception set. */
int control_enable(struct interp *interp, uint64_t mask);
int control_disable(struct interp *interp);
int control_poll(struct interp *interp);
int control_configure(struct interp *interp, const struct pyusdt_options *options);

/*
 * From within a callback: what is instrumented may have to change, though what is watched
 * has not. Where that cannot be now, the watcher does it later.
 */
void control_refresh(struct interp *interp);

/* Returns: the events that have a tracer and are not left to CPython itself. */
uint64_t control_watched(void);

/* As control_disable(), for good: the interpreter is about to end. */
void control_close(struct interp *interp);

/* The last moment of @interp: it must not be found any more. */
void control_forget(struct interp *interp);

/*
 * For the watcher thread, which holds nothing: bring every armed interpreter in step.
 *
 * Returns: 1 when that changed something, 0 when not; an error when one is not in step
 * and should be tried again.
 */
int control_sync(void);

/* Returns: the events that are armed in any interpreter. Takes no lock. */
uint64_t control_armed(void);

/* Returns: whether there is anything for the watcher thread to do. */
bool control_wants_watcher(void);

/* Around fork(): nobody else is within the lock. */
void control_fork_prepare(void);
void control_fork_parent(void);
void control_fork_child(void);

#endif /* PYUSDT_CONTROL_H */
