/* SPDX-License-Identifier: BSD-2-Clause */
/* All that /proc/PID/maps lists: what lies where in a process. */
#ifndef ATTACH_MAPPINGS_H
#define ATTACH_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct mapping {
	uint64_t start, end, offset;
	bool readable, writable, executable;
	uint64_t device, inode; /* of the file, 0: none */
	char *path;             /* owned; "" where there is none */
};

struct mappings {
	struct mapping *all; /* owned, in the order of addresses */
	size_t count;
};

/* Returns: 0, or a negative errno. @mappings is to be freed in both cases. */
int mappings_read(FILE *file, struct mappings *mappings);
void mappings_free(struct mappings *mappings);

/* Returns: the one that has @address, or NULL. */
const struct mapping *mappings_at(const struct mappings *mappings, uint64_t address);

/* Returns: the one by that name, such as "[stack]", or NULL. */
const struct mapping *mappings_named(const struct mappings *mappings, const char *path);

/* Returns: whether both are of one file. */
bool mapping_same_file(const struct mapping *one, const struct mapping *other);

#endif /* ATTACH_MAPPINGS_H */
