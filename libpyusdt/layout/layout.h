/* SPDX-License-Identifier: BSD-2-Clause */
/* This is the layout of this process, see pyusdt_layout.h. */
#ifndef PYUSDT_LAYOUT_INTERNAL_H
#define PYUSDT_LAYOUT_INTERNAL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "pyusdt_layout.h"

/*
 * Find and test the layout, where that has not been done since Python was initialised.
 * Needs the GIL, and lets go of it in between.
 * @closure_type: from closure_type_new().
 */
void layout_prepare(PyTypeObject *closure_type);

/* Returns: the layout; or NULL, and a static string in @why, which may be NULL. */
const struct pyusdt_layout *layout_found(const char **why);

/* Call this when what was found is no longer valid, as after the end of Python. */
void layout_forget(void);

#endif /* PYUSDT_LAYOUT_INTERNAL_H */
