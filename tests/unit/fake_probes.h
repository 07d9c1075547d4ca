/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In place of the probe sites: semaphores that a test can set, and a record of what was
 * emitted.
 */
#ifndef FAKE_PROBES_H
#define FAKE_PROBES_H

#include <stddef.h>
#include <stdint.h>

#include "events.h"

struct pyusdt_layout;

struct fake_record {
	enum event event;
	const char *name; /* copies, valid until fake_clear() */
	const char *file;
	const char *qualname;
	const char *module;
	const char *value; /* NULL where the probe's was */
	int line;
	long offset;
	uint64_t id;
	const void *object; /* only its address is valid */
};

/* Attach a tracer to exactly the probes of @mask. */
void fake_watch(uint64_t mask);

size_t fake_count(void);
const struct fake_record *fake_record(size_t index);

/* How many records of @event have the function name @name. */
size_t fake_count_of(enum event event, const char *name);

void fake_clear(void);

/* How often a layout was announced, and the last one. Any thread. */
unsigned int fake_layout_count(void);
const struct pyusdt_layout *fake_layout(uint32_t *python);

#endif /* FAKE_PROBES_H */
