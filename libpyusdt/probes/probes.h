/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This is the boundary between the core and the probe sites. The shared library has the
 * real sites (probes.c); the unit tests have a recorder with semaphores that can be
 * set.
 */
#ifndef PYUSDT_PROBES_H
#define PYUSDT_PROBES_H

#include <stdbool.h>
#include <stdint.h>

#include "code/codemeta.h"
#include "events/events.h"

struct pyusdt_layout;
struct pyusdt_sums;
struct pyusdt_profile_table;

/* Kept by the kernel: how many sites of the probe have a breakpoint. */
extern const unsigned short *const probe_semaphores[EVENT_COUNT];

static inline bool probe_watched(enum event event)
{
	return __atomic_load_n(probe_semaphores[event], __ATOMIC_RELAXED) != 0;
}

/* Returns: the events whose probe has a tracer, as a mask of pyusdt.h. */
static inline uint64_t probes_watched(void)
{
	uint64_t mask = 0;

	for (int i = 0; i < EVENT_COUNT; i++)
		if (probe_watched(i))
			mask |= event_bit(i);
	return mask;
}

/*
 * The type of all probes of code events. The tracer sees, in this order: name, file,
 * @line, @offset, @value, qualified name, module, code id, @object.
 *
 * @value is NULL and @object is NULL for events that have none. Everything is borrowed
 * for the call.
 */
typedef void probe_fn(const struct codemeta *code, int line, long offset,
		      const char *value, const void *object);

#define EVENT(name, bit, arguments, value, also, requires) probe_fn probe_##name;
#include "events/events.def"

/* @generation: the oldest one that is collected. */
void probe_GC_START(int generation);
void probe_GC_DONE(int generation, long collected, long uncollectable);

void probe_IMPORT_START(const char *module);
/* @found: 1, or 0 where the import raises. */
void probe_IMPORT_DONE(const char *module, int found);

/* They are about the calling thread. @id: its number in the kernel. */
void probe_THREAD_START(const char *name, long id);
void probe_THREAD_EXIT(const char *name, long id);

/* The tracer sees: id, name, file, first line, qualified name, module. */
void probe_CODE(const struct codemeta *code);

/*
 * The tracer sees: qualified name, file, first line, calls, own time, @sums, id, total
 * time, longest activation, resumptions. Times in nanoseconds.
 */
void probe_PROFILE(const struct codemeta *code, const struct pyusdt_sums *sums);

/*
 * The tracer sees: qualified name, file, first line, @low, @count, id: so many
 * activations have taken @low microseconds or more, and less than twice that, or than 1
 * if @low is 0.
 */
void probe_PROFILE_BUCKET(const struct codemeta *code, uint64_t low, uint64_t count);

/* Where is what PROFILE has not told yet, see pyusdt_profile.h. */
void probe_PROFILE_TABLE(const struct pyusdt_profile_table *table);

/* @layout: of this process, see pyusdt_layout.h. @python: PY_VERSION_HEX of it. */
void probe_LAYOUT(const struct pyusdt_layout *layout, uint32_t python);

/* The same by value, see pyusdt_layout.h. The tracer sees 0 for the process: this one. */
void probe_PROCESS(uint64_t tstate, uint64_t walk, uint64_t names, uint64_t rest,
		   uint64_t version);

/* Provider python, with the arguments of CPython's own probes. @line: the current one. */
void probe_PYTHON_FUNCTION_ENTRY(const char *file, const char *function, int line);
void probe_PYTHON_FUNCTION_RETURN(const char *file, const char *function, int line);
void probe_PYTHON_LINE(const char *file, const char *function, int line);
void probe_PYTHON_GC_START(int generation);
void probe_PYTHON_GC_DONE(long collected);
void probe_PYTHON_IMPORT_START(const char *module);
void probe_PYTHON_IMPORT_DONE(const char *module, int found);

#endif /* PYUSDT_PROBES_H */
