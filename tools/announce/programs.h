/* SPDX-License-Identifier: BSD-2-Clause */
/* What the last processes of each program turned out to be. */
#ifndef ANNOUNCE_PROGRAMS_H
#define ANNOUNCE_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "layout/layout_words.h"
#include "proc.h"
#include "rate.h"

struct program {
	struct program_id id;
	bool is_used;
	unsigned int nones; /* looks in a row that found no Python */
	bool has_layout;
	uid_t user;                /* whose process had the layout */
	struct layout_words words; /* none an address: right for the next one, too */
	struct rate begins, looks;
};

struct programs;

/* Returns: NULL when out of memory. */
struct programs *programs_new(void);
void programs_free(struct programs *programs);

/* Returns: what is known of it, which may be nothing. Valid until the next call. */
struct program *programs_get(struct programs *programs, struct program_id id);

#endif /* ANNOUNCE_PROGRAMS_H */
