/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of a process that is made up, or recorded. */
#ifndef FAKE_REMOTE_H
#define FAKE_REMOTE_H

#include <stddef.h>
#include <stdint.h>

#include "remote.h"

#define FAKE_RANGES 4096

struct fake_range {
	uint64_t address;
	size_t size;
	unsigned char *bytes; /* borrowed */
};

struct fake_remote {
	struct remote remote;
	struct fake_range ranges[FAKE_RANGES];
	int count;
	int program;        /* file that is the program, -1: none; borrowed */
	int error;          /* errno of what cannot be read */
	unsigned int reads; /* that were answered */
	/* Where not NULL: called before each read, to change the memory meanwhile. */
	void (*before_read)(struct fake_remote *fake, uint64_t address);
};

void fake_remote_init(struct fake_remote *fake);

/* @bytes: later ones are found first. Others than what is added cannot be read. */
void fake_remote_add(struct fake_remote *fake, uint64_t address, void *bytes,
		     size_t size);

#endif /* FAKE_REMOTE_H */
