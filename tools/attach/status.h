/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel says of a process, and whether that is a reason to leave it alone. */
#ifndef ATTACH_STATUS_H
#define ATTACH_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Of /proc/PID/status, which is also there for each thread. */
struct status {
	char state; /* of the main thread: R, S, D, T, t, Z ... */
	pid_t tgid; /* of which process it is a thread */
	pid_t tracer;
	uid_t uid; /* by which it accesses files */
	gid_t gid;
	int seccomp; /* 0: none, 1: strict, 2: a filter */
	bool shadow_stack;
	uint64_t blocked; /* signals of this thread; the lowest bit is number 1 */
	uint64_t caught;  /* signals with a handler */
	uint64_t pending; /* signals that wait for it, or for any thread */
};

/* Returns: whether there was all that one cannot do without. */
bool status_read(FILE *file, struct status *status);

/* Returns: NULL, or why a process @pid like that cannot be told to load anything. */
const char *status_refusal(const struct status *status, pid_t pid);

#endif /* ATTACH_STATUS_H */
