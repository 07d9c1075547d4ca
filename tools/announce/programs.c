// SPDX-License-Identifier: BSD-2-Clause
/*
 * A table of fixed size: whoever makes ever new programs makes us forget others, which
 * costs time and no memory.
 */
#include "programs.h"

#include <stdlib.h>

#define SLOTS 1024
#define TRIED 4 /* slots in which one may be */

struct programs {
	struct program slots[SLOTS];
};

struct programs *programs_new(void)
{
	return calloc(1, sizeof(struct programs));
}

void programs_free(struct programs *programs)
{
	free(programs);
}

static size_t hash(struct program_id id)
{
	uint64_t number = ((uint64_t)id.ino ^ (uint64_t)id.dev << 32) *
			  UINT64_C(0x9e3779b97f4a7c15);

	return number >> 40;
}

struct program *programs_get(struct programs *programs, struct program_id id)
{
	struct program *oldest = NULL;

	for (size_t i = 0; i < TRIED; i++) {
		struct program *slot = &programs->slots[(hash(id) + i) % SLOTS];

		if (slot->is_used && slot->id.dev == id.dev && slot->id.ino == id.ino)
			return slot;
		if (!oldest || !slot->is_used ||
		    (oldest->is_used && slot->looks.last_msec < oldest->looks.last_msec))
			oldest = slot;
	}
	*oldest = (struct program){.id = id, .is_used = true};
	return oldest;
}
