/* SPDX-License-Identifier: BSD-2-Clause */
/* What the last processes of each program turned out to be. */
#ifndef ANNOUNCE_PROGRAMS_H
#define ANNOUNCE_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "layout_words.h"
#include "proc.h"
#include "rate.h"

struct program {
	struct program_id id;
	bool is_used;
	bool is_none; /* the last one was no Python, after it had had time to be one */
	bool has_layout;
	uid_t user; /* whose process had the layout */
	struct layout_words words;
	struct rate looks;
};

/* Nothing in a layout is an address, so that it is right for the next one, too. */
struct programs;

/* Returns: NULL when out of memory. */
struct programs *programs_new(void);
void programs_free(struct programs *programs);

/* Returns: what is known of it, which may be nothing. Valid until the next call. */
struct program *programs_get(struct programs *programs, struct program_id id);

#endif /* ANNOUNCE_PROGRAMS_H */
