/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This brings the events of one interpreter in step with what is armed, what is watched
 * and what is kept for the program. It needs the GIL of the interpreter and its ticket
 * lock, but where it says otherwise.
 */
#ifndef PYUSDT_APPLY_H
#define PYUSDT_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "monitoring/interp.h"

/*
 * Arm exactly @armed, and instrument what of it is watched, and what interp->keeping
 * needs. The one place where an interpreter's events change.
 *
 * Returns: 1 when instrumentation changed, 0 when not; an error changes nothing.
 */
int apply(struct interp *interp, uint64_t armed);

/* Give the tool id back, unless @armed or what is kept needs it. */
void apply_release_tool(struct interp *interp, uint64_t armed);

/* Returns: whether apply() would change nothing. With the registry's lock, no GIL. */
bool apply_is_in_step(const struct interp *interp);

/*
 * Returns: the events that have a tracer and are not left to CPython itself. Any thread,
 * no GIL needed.
 */
uint64_t apply_watched(void);

#endif /* PYUSDT_APPLY_H */
