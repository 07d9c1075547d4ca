/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Garbage collection: an entry of ours in gc.callbacks, there only while it is wanted.
 *
 * Everything here needs the GIL of the interpreter, and no exception set. Errors are
 * negative errno values; no exception is left set.
 */
#ifndef PYUSDT_COLLECTOR_H
#define PYUSDT_COLLECTOR_H

#include <stdbool.h>

#include "pyusdt.h"

struct interp;

/* The events that are told here. */
#define COLLECTOR_EVENTS                                             \
	(PYUSDT_GC_START | PYUSDT_GC_DONE | PYUSDT_PYTHON_GC_START | \
	 PYUSDT_PYTHON_GC_DONE)

/*
 * Look up what collector_set() needs.
 *
 * Returns: 0; -ENOMEM, -EIO.
 */
int collector_prepare(struct interp *interp);

/*
 * Have the entry, or have it not.
 *
 * Returns: 1 when that changed something, 0 when not; -ENOMEM.
 */
int collector_set(struct interp *interp, bool wanted);

#endif /* PYUSDT_COLLECTOR_H */
