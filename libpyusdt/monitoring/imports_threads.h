/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Imports and threads are told by the events of one function each of CPython's standard
 * library. Those events are set in that function's code object only, so that no other
 * code is slowed down.
 *
 * Everything here needs the GIL of the interpreter, and no exception set.
 */
#ifndef PYUSDT_IMPORTS_THREADS_H
#define PYUSDT_IMPORTS_THREADS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#include "events/events.h"
#include "pyusdt.h"

struct interp;

#define IMPORT_EVENTS                                                            \
	(PYUSDT_IMPORT_START | PYUSDT_IMPORT_DONE | PYUSDT_PYTHON_IMPORT_START | \
	 PYUSDT_PYTHON_IMPORT_DONE)
#define THREAD_EVENTS (PYUSDT_THREAD_START | PYUSDT_THREAD_EXIT)

/* The events that are told here. */
#define IMPORTS_THREADS_EVENTS (IMPORT_EVENTS | THREAD_EVENTS)

/*
 * Let the scopes of @interp's monitoring be the functions that are there now, as far as
 * @wanted needs them.
 */
void imports_threads_find(struct interp *interp, const struct monitor_sets *wanted);

struct codemeta;

/*
 * Returns: whether @code may be one of these functions now or later. Their events must
 * never be disabled.
 */
bool imports_threads_may_be(const struct codemeta *code);

/*
 * A function is entered; or is left, by a return or by an exception. Does nothing where
 * @code is none of ours. @events: those that are wanted, as in pyusdt.h.
 */
void imports_threads_entered(struct interp *interp, uint64_t events, PyObject *code);
void imports_threads_left(struct interp *interp, uint64_t events, PyObject *code,
			  bool returned);

#endif /* PYUSDT_IMPORTS_THREADS_H */
