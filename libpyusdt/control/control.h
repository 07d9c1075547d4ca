/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * These functions change which events are armed in which interpreter, and keep what is
 * instrumented in step with what is watched. Errors are as in pyusdt.h.
 *
 * An interpreter is changed by the thread that has its ticket lock.
 */
#ifndef PYUSDT_CONTROL_H
#define PYUSDT_CONTROL_H

#include <stdint.h>

#include "pyusdt.h"

struct interp;

/*
 * Called once for each interpreter that is armed: to be told of its end and of forks,
 * both of which end here.
 *
 * Returns: 0; -EIO, -ENOMEM.
 */
typedef int control_register_fn(struct interp *interp);

/* These need the GIL of @interp, and no exception set. */
int control_enable(struct interp *interp, uint64_t mask, control_register_fn *handlers);
int control_disable(struct interp *interp);
int control_poll(struct interp *interp);
int control_configure(struct interp *interp, const struct pyusdt_options *options);

/* @flags: PYUSDT_PROFILE_*. Returns: as pyusdt_profile_begin() and so on. */
int control_profile_begin(struct interp *interp, unsigned int flags,
			  control_register_fn *handlers);
int control_profile_end(struct interp *interp);
int control_profile_free(struct interp *interp);

/* Returns: the events that the running CPython has, as in pyusdt.h. */
uint64_t control_supported(const struct interp *interp);

/* This is control_disable() for good: the interpreter is about to end. */
void control_close(struct interp *interp);

#endif /* PYUSDT_CONTROL_H */
