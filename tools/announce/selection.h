/* SPDX-License-Identifier: BSD-2-Clause */
/* Which processes are asked for. */
#ifndef ANNOUNCE_SELECTION_H
#define ANNOUNCE_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct selection {
	pid_t *pids; /* owned; ascending, each once */
	size_t count;
	bool has_pids; /* else all processes are */
	bool children; /* those of pids, and theirs */
	bool has_user;
	uid_t user;
	char *cgroup; /* owned; NULL where it is not asked for, see cgroup.h */
};

/* @text: process ids with commas between them. Returns: NULL, or what is wrong with it.
 */
const char *selection_add_pids(struct selection *selection, const char *text);

/* @name: or a number. Returns: NULL, or what is wrong with it. */
const char *selection_set_user(struct selection *selection, const char *name);

/* @path: of a control group. Returns: NULL, or what is wrong with it. */
const char *selection_set_cgroup(struct selection *selection, const char *path);

/* Returns: whether all processes are asked for, without a condition. */
bool selection_is_all(const struct selection *selection);

bool selection_names(const struct selection *selection, pid_t pid);

void selection_free(struct selection *selection);

#endif /* ANNOUNCE_SELECTION_H */
