/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of ours for the process: by paths that are right in its own root folder, which is
 * not ours where it is in a container.
 *
 * Who has the process may change all of that at any time, and this may be run by root. So
 * no link is followed, no file is overwritten, and nothing is taken from there.
 */
#ifndef ATTACH_PLACE_H
#define ATTACH_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "target.h"

struct place {
	char path[256]; /* as the process has it */
	int folder;     /* where our file is; -1: none was made */
	const char *name;
};

/*
 * Have the library, @file, where the process can load it: the file itself, where that is
 * in its root folder by the same path, else a copy.
 *
 * Returns: NULL, or why that cannot be; as target_open(). @place is to be removed.
 */
const char *place_library(const struct target *target, const char *file,
			  struct place *place);

/* The same for a text that it is to read. */
const char *place_text(const struct target *target, const char *text, size_t size,
		       struct place *place);

/* Returns: whether @path leads to the file of @mapping, and a script can have it so. */
bool place_is(const struct target *target, const char *path,
	      const struct mapping *mapping);

/* The file that was made is gone; one that was there before stays. */
void place_remove(struct place *place);

#endif /* ATTACH_PLACE_H */
