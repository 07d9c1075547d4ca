/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's word that a process has begun another program, as soon as it has. */
#ifndef ANNOUNCE_EXECS_H
#define ANNOUNCE_EXECS_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

struct execs;

/* Returns: NULL, with errno, where that is refused: CAP_PERFMON is needed. */
struct execs *execs_open(void);
void execs_close(struct execs *execs);

/* Returns: how many of @fds it has set: readable where there is something to be read. */
int execs_poll(const struct execs *execs, struct pollfd *fds, int size);

/*
 * Call @each for each process that has begun a program since the last call. Returns:
 * false where the kernel had no room for all.
 */
bool execs_read(struct execs *execs, void (*each)(pid_t pid, void *context),
		void *context);

#endif /* ANNOUNCE_EXECS_H */
