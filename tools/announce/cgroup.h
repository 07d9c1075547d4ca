/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of control groups, version 2, which containers and services have one of. */
#ifndef ANNOUNCE_CGROUP_H
#define ANNOUNCE_CGROUP_H

#include <stdbool.h>

/* What a file /proc/PID/cgroup has at most, and so a name of a group. */
#define CGROUP_MAX 16384

/*
 * @text: the path of a group, from the file system's root or from that of the groups.
 * Returns: its name as /proc has it, allocated; NULL, with @why set, where there is none.
 */
char *cgroup_find(const char *text, const char **why);

/*
 * @text: of /proc/PID/cgroup. Returns: whether the group is that of @name, or one below.
 */
bool cgroup_is_within(const char *text, const char *name);

#endif /* ANNOUNCE_CGROUP_H */
