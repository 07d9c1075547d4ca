/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's word that a process has begun, or another program in one. */
#ifndef ANNOUNCE_RECORDS_H
#define ANNOUNCE_RECORDS_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

struct records;

typedef void (*exec_reader)(pid_t pid, void *context);
typedef void (*fork_reader)(pid_t pid, pid_t parent, void *context);

/* Returns: NULL, with errno, where that is refused: CAP_PERFMON is needed. */
struct records *records_open(void);
void records_close(struct records *records);

/* Returns: how many of @fds it has set: readable as soon as a program has begun. */
int records_poll(const struct records *records, struct pollfd *fds, int size);

/*
 * Call @each for each process that has begun a program, or that has been forked, since
 * the last call. Both return false where the kernel may have had no room for all.
 */
bool records_read_execs(struct records *records, exec_reader each, void *context);
bool records_read_forks(struct records *records, fork_reader each, void *context);

#endif /* ANNOUNCE_RECORDS_H */
