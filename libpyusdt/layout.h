/* SPDX-License-Identifier: BSD-2-Clause */
/* The layout of this process: see pyusdt_layout.h, and pyusdt_layout() in pyusdt.h. */
#ifndef PYUSDT_LAYOUT_INTERNAL_H
#define PYUSDT_LAYOUT_INTERNAL_H

#include "pyusdt_layout.h"

struct interp;

/*
 * Find and test the layout, where that has not been done since Python was initialised.
 * Needs the GIL of @interp, and lets go of it in between.
 */
void layout_prepare(struct interp *interp);

/* What was found is no longer valid, as after the end of Python, when this is called. */
void layout_forget(void);

#endif /* PYUSDT_LAYOUT_INTERNAL_H */
