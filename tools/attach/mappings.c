// SPDX-License-Identifier: BSD-2-Clause
#include "mappings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's own limit, vm.max_map_count, is 65530 where nobody has raised it. */
#define MAX_MAPPINGS 1000000

/* Returns: whether @line is one of them. */
static bool parse(char *line, struct mapping *mapping)
{
	unsigned int major, minor;
	char rights[5];
	int path = 0;

	line[strcspn(line, "\n")] = 0;
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &mapping->start, &mapping->end, rights, &mapping->offset, &major,
		   &minor, &mapping->inode, &path) < 7 ||
	    !path)
		return false;
	mapping->readable = rights[0] == 'r';
	mapping->writable = rights[1] == 'w';
	mapping->executable = rights[2] == 'x';
	mapping->device = (uint64_t)major << 32 | minor;
	mapping->path = line + path;
	return true;
}

static int add(struct mappings *mappings, struct mapping mapping)
{
	if (!(mappings->count & (mappings->count - 1))) {
		size_t room = mappings->count ? mappings->count * 2 : 1;
		struct mapping *all = realloc(mappings->all, room * sizeof(*all));

		if (!all)
			return -ENOMEM;
		mappings->all = all;
	}
	mapping.path = strdup(mapping.path);
	if (!mapping.path)
		return -ENOMEM;
	mappings->all[mappings->count++] = mapping;
	return 0;
}

int mappings_read(FILE *file, struct mappings *mappings)
{
	char *line = NULL;
	size_t size = 0;
	int error = 0;

	*mappings = (struct mappings){0};
	while (!error && getline(&line, &size, file) > 0) {
		struct mapping mapping;

		if (mappings->count == MAX_MAPPINGS)
			error = -E2BIG;
		else if (parse(line, &mapping))
			error = add(mappings, mapping);
	}
	free(line);
	return error;
}

void mappings_free(struct mappings *mappings)
{
	for (size_t i = 0; i < mappings->count; i++)
		free(mappings->all[i].path);
	free(mappings->all);
	*mappings = (struct mappings){0};
}

const struct mapping *mappings_at(const struct mappings *mappings, uint64_t address)
{
	for (size_t i = 0; i < mappings->count; i++)
		if (address >= mappings->all[i].start && address < mappings->all[i].end)
			return &mappings->all[i];
	return NULL;
}

const struct mapping *mappings_named(const struct mappings *mappings, const char *path)
{
	for (size_t i = 0; i < mappings->count; i++)
		if (!strcmp(mappings->all[i].path, path))
			return &mappings->all[i];
	return NULL;
}

bool mapping_same_file(const struct mapping *one, const struct mapping *other)
{
	return one->inode && one->inode == other->inode && one->device == other->device;
}
