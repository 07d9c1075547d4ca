/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In place of the probe sites: semaphores that a test can set, and a record of what was
 * emitted.
 */
#ifndef FAKE_PROBES_H
#define FAKE_PROBES_H

#include <stddef.h>
#include <stdint.h>

#include "events/events.h"
#include "layout/layout_words.h"

struct pyusdt_layout;

enum fake_shape {
	FAKE_EVENT,  /* an event of code: all but the numbers */
	FAKE_CODE,   /* CODE: name, file, line, qualname, module, id */
	FAKE_PYTHON, /* of provider python: file, name, line */
	FAKE_SUMS,   /* PROFILE: file, qualname, line, id, and as numbers the sums */
	FAKE_BUCKET, /* PROFILE_BUCKET: the same, and as numbers the bounds and the hits
		      */
	FAKE_OTHER,  /* the numbers, and a module or a thread as the name */
};

struct fake_record {
	enum event event;
	enum fake_shape shape;
	const char *name; /* copies, valid until fake_clear(); NULL: has none */
	const char *file;
	const char *qualname;
	const char *module;
	const char *value; /* NULL where the probe's was */
	int line;
	long offset;
	uint64_t id;
	const void *object; /* only its address is valid */
	int number_count;
	long numbers[6];
};

/* Attach a tracer to exactly the probes of @mask. */
void fake_watch(uint64_t mask);

size_t fake_count(void);
const struct fake_record *fake_record(size_t index);

/* How many records of @event have the name @name. Any thread. */
size_t fake_count_of(enum event event, const char *name);

void fake_clear(void);

/* Call @function, once, when a layout is about to be announced, but is not yet. */
void fake_before_layout(void (*function)(void));

/* How often a layout was announced, and the last one. Any thread. */
unsigned int fake_layout_count(void);
const struct pyusdt_layout *fake_layout(uint32_t *python);

/* How often the words of this process were announced, and the last ones. Any thread. */
unsigned int fake_process_count(void);
struct layout_words fake_process(void);

#endif /* FAKE_PROBES_H */
