// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file says in words what the errors of the public functions mean, and what to do
 * about them.
 */
#include "pyusdt.h"

#include <errno.h>

const char *pyusdt_strerror(int error)
{
	switch (error) {
	case -EINVAL:
		return "an argument is out of range, or PYUSDT_INCLUDE or PYUSDT_EXCLUDE "
		       "has a bad pattern";
	case -ENOTSUP:
		return "the running Python does not have this: CPython 3.12 or later is "
		       "needed, see pyusdt_supported()";
	case -EBUSY:
		return "no sys.monitoring tool id is free, the one asked for is taken, "
		       "or events are armed with another: end that tool (debugger, "
		       "coverage, profiler) or disable first; or a profile is being "
		       "taken or read";
	case -EPERM:
		return "Python is not initialised, or this thread does not hold the GIL";
	case -ESHUTDOWN:
		return "this interpreter is shutting down";
	case -EDEADLK:
		return "called from within itself, by an audit hook";
	case -EAGAIN:
		return "the watcher thread could not be started: there are as many "
		       "threads as there may be, or no room for its stack";
	case -ENOMEM:
		return "out of memory";
	case -EIO:
		return "Python refused a call to sys.monitoring, atexit or os, or the "
		       "system a thread: an audit hook, another tool or a sandbox is in "
		       "the way";
	}
	return error < 0 ? "unknown error" : "no error";
}
