// SPDX-License-Identifier: BSD-2-Clause
/*
 * CPython is in the program itself or in a libpython. Both are known by their paths only,
 * which is no matter of trust: what is in them decides.
 */
#include "maps.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A process may have many, and the program can make them long. */
#define MAX_LINES 20000

struct mapping {
	uint64_t start, offset;
	const char *path; /* in the line */
};

/* Returns: whether it is that of a file. */
static bool parse(char *line, struct mapping *mapping)
{
	int path = 0;

	line[strcspn(line, "\n")] = 0;
	if (sscanf(line, "%" SCNx64 "-%*x %*s %" SCNx64 " %*s %*s %n", &mapping->start,
		   &mapping->offset, &path) < 2 ||
	    !path || line[path] != '/')
		return false;
	mapping->path = line + path;
	return true;
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

static bool is_library(const char *path)
{
	const char *name = "libpyusdt.so";

	return !strncmp(base_name(path), name, strlen(name));
}

static void add_program(struct maps *maps, uint64_t start)
{
	if (maps->count == MAPS_IMAGES)
		maps->count--;
	memmove(maps->images + 1, maps->images,
		(size_t)maps->count * sizeof(*maps->images));
	maps->images[0] = start;
	maps->count++;
	maps->has_program = true;
}

/* Extension modules, of which there may be many, have python elsewhere in their names. */
static bool is_interpreter(const char *name)
{
	if (!strncmp(name, "lib", 3))
		name += 3;
	return !strncmp(name, "python", 6) || !strncmp(name, "pypy", 4);
}

static void add(struct maps *maps, const struct mapping *mapping, const char *program)
{
	bool named = is_interpreter(base_name(mapping->path));

	if (is_library(mapping->path) && !maps->library[0])
		snprintf(maps->library, sizeof(maps->library), "%s", mapping->path);
	if (mapping->offset != 0)
		return;
	if (!maps->has_program && !strcmp(mapping->path, program))
		add_program(maps, mapping->start);
	else if (named && maps->count < MAPS_IMAGES)
		maps->images[maps->count++] = mapping->start;
	maps->named |= named;
}

void maps_read(FILE *file, const char *program, struct maps *maps)
{
	char *line = NULL;
	size_t size = 0;

	*maps = (struct maps){0};
	for (int i = 0; i < MAX_LINES && getline(&line, &size, file) > 0; i++) {
		struct mapping mapping;

		if (parse(line, &mapping))
			add(maps, &mapping, program);
	}
	free(line);
}
