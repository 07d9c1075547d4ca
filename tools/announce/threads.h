/* SPDX-License-Identifier: BSD-2-Clause */
/* The threads of a CPython, by its own list of them. */
#ifndef ANNOUNCE_THREADS_H
#define ANNOUNCE_THREADS_H

#include <stdint.h>

#include "internals.h"
#include "remote.h"

/* So many are enough to tell where all of them keep their state. */
#define MAX_THREADS 64

struct thread {
	uint64_t state;   /* its PyThreadState */
	uint64_t pointer; /* its thread pointer */
};

struct threads {
	struct thread list[MAX_THREADS];
	int count;
};

/* @runtime: the address of _PyRuntime. @thread_id: as in struct pyusdt_layout. */
void threads_find(struct remote *remote, uint64_t runtime,
		  const struct internals *internals, uint32_t thread_id,
		  struct threads *threads);

#endif /* ANNOUNCE_THREADS_H */
