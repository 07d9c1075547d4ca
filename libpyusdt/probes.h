/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boundary between the core and the probe sites. The shared library has the real
 * sites (probes.c); the unit tests have a recorder with semaphores that can be set.
 */
#ifndef PYUSDT_PROBES_H
#define PYUSDT_PROBES_H

#include <stdbool.h>
#include <stdint.h>

#include "codemeta.h"
#include "events.h"

struct pyusdt_layout;

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

#define EVENT(name, bit, arguments, value, requires) probe_fn probe_##name;
#include "events.def"

/* @layout: of this process, see pyusdt_layout.h. @python: PY_VERSION_HEX of it. */
void probe_LAYOUT(const struct pyusdt_layout *layout, uint32_t python);

#endif /* PYUSDT_PROBES_H */
