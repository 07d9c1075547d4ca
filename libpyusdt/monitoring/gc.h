/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Garbage collections are told by an entry of ours in gc.callbacks, which is there only
 * while it is wanted.
 *
 * Everything here needs the GIL of the interpreter, and no exception set. Errors are
 * negative errno values; no exception is left set.
 */
#ifndef PYUSDT_GC_H
#define PYUSDT_GC_H

#include <stdbool.h>

#include "pyusdt.h"

struct interp;

/* The events that are told here. */
#define GC_EVENTS                                                    \
	(PYUSDT_GC_START | PYUSDT_GC_DONE | PYUSDT_PYTHON_GC_START | \
	 PYUSDT_PYTHON_GC_DONE)

/*
 * Look up what gc_set() needs.
 *
 * Returns: 0; -ENOMEM, -EIO.
 */
int gc_prepare(struct interp *interp);

/*
 * Have the entry, or have it not.
 *
 * Returns: 1 when that changed something, 0 when not; -ENOMEM.
 */
int gc_set(struct interp *interp, bool wanted);

#endif /* PYUSDT_GC_H */
