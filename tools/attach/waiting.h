/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In which system calls a thread may be led aside for a moment: where it waits for the
 * world, and no lock of the C library can be held; and how it gets back to waiting.
 */
#ifndef ATTACH_WAITING_H
#define ATTACH_WAITING_H

#include <stdbool.h>
#include <stdint.h>

/* A system call that is under way in a stopped thread. */
struct call {
	int64_t number; /* -1: the thread is in none */
	int64_t result; /* what the kernel has put down for it */
	uint64_t arguments[6];
};

enum waiting {
	WAITING_NOT,     /* in no call that is under way */
	WAITING_SOMEHOW, /* in one, and it may be within a lock of the C library */
	WAITING_FREELY,  /* in one, and can be led aside */
};

enum waiting waiting_in(const struct call *call);

/*
 * How the call begins anew, which must be one that is under way.
 *
 * Returns: the number to make it with; -1: it is to return EINTR.
 */
int64_t waiting_restart(const struct call *call);

/* Returns: the name of that system call, NULL: it is none of those known here. */
const char *waiting_name(int64_t number);

#endif /* ATTACH_WAITING_H */
