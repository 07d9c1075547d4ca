/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `core`, a builtin module for the Python code of the tests: the public functions, with
 * their return values, and the recorder.
 *
 *   enable(mask) disable() poll() enabled() active() supported() configure(poll_msec)
 *   watch(mask)         attach a tracer to exactly these probes
 *   records(file)       what was emitted for code of that file, as a list of tuples:
 *                       event name, and the probe's arguments in their order
 *   others()            likewise, what is not of code
 *   clear()             forget both
 *   watcher()           thread id, or 0
 *   note(number)        kept in C, for what happens when Python is about to be gone
 *   format_value(object, size) format_callable(object, size)
 *   format_exception(object, size)
 *   NAMES               of the events of code
 *   PY_START ...        all events, and ALL, those of code
 */
#ifndef PYCORE_H
#define PYCORE_H

#include <stddef.h>

/* Before Python is initialised. */
void pycore_register(void);

/* Any thread. */
size_t pycore_note_count(void);
long pycore_note(size_t index);

#endif /* PYCORE_H */
