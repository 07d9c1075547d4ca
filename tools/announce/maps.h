/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc/PID/maps says: where in a process there may be a Python. */
#ifndef ANNOUNCE_MAPS_H
#define ANNOUNCE_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MAPS_IMAGES 8

/* The longest path that is kept; the kernel has none that is longer. */
#define MAPS_PATH 4096

struct maps {
	/* The beginnings of files: the program first, then whose name is Python's. */
	uint64_t images[MAPS_IMAGES];
	int count;
	bool has_program;
	bool named;              /* a file has the name of a Python interpreter */
	char library[MAPS_PATH]; /* path of libpyusdt.so, "" where it is not loaded */
};

/* @program: its path, "" where it is not known. */
void maps_read(FILE *file, const char *program, struct maps *maps);

#endif /* ANNOUNCE_MAPS_H */
