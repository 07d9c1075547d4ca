/* SPDX-License-Identifier: BSD-2-Clause */
/* This test says whether a layout is right, before it is announced. */
#ifndef PYUSDT_LAYOUT_CHECK_H
#define PYUSDT_LAYOUT_CHECK_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

#include "pyusdt_layout.h"

/*
 * Walk the calling thread's stack by @layout, as a BPF program would, and compare each
 * frame with what CPython's own functions say of it. Where no Python function runs (an
 * embedder that has none yet) some are run for that.
 *
 * Needs the GIL. @closure_type: from closure_type_new().
 *
 * Returns: false, and a static string in @why, where they differ.
 */
bool layout_check(PyTypeObject *closure_type, const struct pyusdt_layout *layout,
		  const char **why);

/*
 * As layout_check(), for those who ask CPython for the thread state: @layout->tstate is
 * not looked at.
 */
bool layout_check_frames(PyTypeObject *closure_type, const struct pyusdt_layout *layout);

/*
 * Does the PyThreadState of the calling thread, which has one, name the thread by its
 * thread pointer? It does on x86-64; what pthread_self() gives elsewhere may be another
 * address.
 */
bool layout_check_thread_id(const struct pyusdt_layout *layout);

/* With the GIL: does the struct that is found by @layout say that the caller has it? */
bool layout_check_gil(const struct pyusdt_layout *layout);

#endif /* PYUSDT_LAYOUT_CHECK_H */
