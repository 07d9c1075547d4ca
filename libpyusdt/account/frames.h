/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * These are CPython's own frames, as the layout says where they are, read by the thread
 * that they are of. A frame is known by its address.
 */
#ifndef PYUSDT_ACCOUNT_FRAMES_H
#define PYUSDT_ACCOUNT_FRAMES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#include "pyusdt_layout.h"

/* Where frames are; written by frames_prepare(), before the first event is counted. */
extern struct frames_at {
	struct pyusdt_layout layout; /* but for tstate, which is not needed */
	PyThreadState *(*state)(void);
} frames_at;

/*
 * Returns: whether the frames of this version of CPython are known; what running CPython
 * says of itself, nothing is tried.
 */
bool frames_are_known(void);

/*
 * Find out where frames are and try it, where that has not been done. Needs the GIL.
 * @closure_type: from closure_type_new().
 *
 * Returns: false where it cannot be told, or is not what CPython says of its frames.
 */
bool frames_prepare(PyTypeObject *closure_type);

/* Returns: whether frames_prepare() has been called, and returned true. */
bool frames_are_prepared(void);

/* The rest is for a thread within an event of sys.monitoring. */

/* Returns: the frame that runs, NULL where there is none. */
static inline const char *frames_current(void)
{
	const char *frame = *(const char **)((const char *)frames_at.state() +
					     frames_at.layout.frame);

	return frames_at.layout.frame_indirect ? *(const char **)frame : frame;
}

/* Returns: the frame below @frame, which may be a shim; NULL at the end. */
static inline const char *frames_previous(const char *frame)
{
	return *(const char **)(frame + frames_at.layout.previous);
}

/* Is @frame no function, but what CPython puts where C calls Python? */
static inline bool frames_is_shim(const char *frame)
{
	return (unsigned char)frame[frames_at.layout.owner] >=
	       frames_at.layout.first_shim;
}

/* Returns: whether C that runs on behalf of @caller has called @frame. */
static inline bool frames_is_called_by_c(const char *frame, const char *caller)
{
	const char *shim = frames_previous(frame);

	return shim && frames_is_shim(shim) && frames_previous(shim) == caller;
}

/* Returns: the code object of @frame, no shim. */
static inline const void *frames_code(const char *frame)
{
	const char *code = *(const char **)(frame + frames_at.layout.code);

	return code - ((uintptr_t)code & 3);
}

#endif /* PYUSDT_ACCOUNT_FRAMES_H */
