/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way in for every CPython: the main thread is stopped for some hundred microseconds,
 * led through a piece of code, and let go of at once. Nobody is attached while that code
 * runs, so nothing happens to the process when whoever attached is killed.
 *
 * The code calls dlopen(), so the thread must not be within the C library, whose locks it
 * may have: it is led aside where it waits in a system call, or from the code of others.
 */
#ifndef ATTACH_GRAFT_H
#define ATTACH_GRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "graft_code.h"
#include "library.h"
#include "target.h"

enum graft_result {
	GRAFT_SET,     /* the thread goes that way */
	GRAFT_NOT_NOW, /* it stands where it cannot be led aside: look again */
	GRAFT_REFUSED, /* it will not do */
};

struct graft {
	struct graft_slots slots;
	uint64_t code, data;  /* where they are to be, in the process */
	uint64_t loader;      /* an address within the dynamic linker */
	uint64_t stack_limit; /* bytes that the main thread's stack may have */
	bool filters_seen;    /* seccomp's allow all that is needed */
	char why[256];        /* for GRAFT_NOT_NOW and GRAFT_REFUSED: in what it was */
	int64_t stood;        /* how long it was stopped, in microseconds */
};

/* What there is to know before it is stopped. Returns: NULL, or why it will not do. */
const char *graft_prepare(struct target *target, struct graft *graft);

/*
 * Lead the main thread through a call of _pyusdt_attach() with @request. @path: of the
 * library, where it is not loaded yet. @usec: more than 0, how long to wait until it
 * stops.
 */
enum graft_result graft_set(struct target *target, const struct library *library,
			    const char *path, uint64_t request, int64_t usec,
			    struct graft *graft);

/* Returns: whether the thread is through; then @data is what it has left. */
bool graft_through(struct target *target, const struct graft *graft,
		   struct graft_data *data);

#endif /* ATTACH_GRAFT_H */
