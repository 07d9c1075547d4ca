/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc says of a process. Each function fails where the process has gone. */
#ifndef ANNOUNCE_PROC_H
#define ANNOUNCE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "look.h"
#include "maps.h"

/* Which program a process runs: execve() changes it. */
struct program_id {
	dev_t dev;
	ino_t ino;
};

/* Call first. Returns: NULL, or why /proc is of no use, as a static string. */
const char *proc_open(void);

/* Call @each for each process there is. Returns: false where that cannot be told. */
bool proc_each(void (*each)(pid_t pid, void *context), void *context);

bool proc_exists(pid_t pid);

/* Fails also for a thread of the kernel. */
bool proc_program(pid_t pid, struct program_id *id);

/* @user: the real one. */
bool proc_status(pid_t pid, pid_t *parent, uid_t *user);

/*
 * @kib: how much code it has mapped from files other than its program. A library that it
 * loads changes that.
 */
bool proc_code(pid_t pid, unsigned int *kib);

/* @user: the effective one; root of a process that does not let others look at it. */
bool proc_owner(pid_t pid, uid_t *user);

/* @name: of a control group, see cgroup.h. Returns: whether it is in that, or below. */
bool proc_is_in_cgroup(pid_t pid, const char *name);

/* Its arguments, separated by blanks; where they are too long the beginning. */
bool proc_command(pid_t pid, char *to, size_t size);

/* All steps; fails only where the process has gone meanwhile. */
bool proc_look(pid_t pid, struct maps *maps, struct look *look);

#endif /* ANNOUNCE_PROC_H */
