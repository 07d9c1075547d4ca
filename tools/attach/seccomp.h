/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a seccomp filter lets a process load a library. Containers have one, as a rule,
 * which allows that; one that does not may end the process.
 */
#ifndef ATTACH_SECCOMP_H
#define ATTACH_SECCOMP_H

#include <linux/filter.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Returns: NULL; the name of a system call that is needed, and that this filter of @count
 * instructions does not allow.
 */
const char *seccomp_refuses(const struct sock_filter *filter, size_t count);

/*
 * The same for all filters of a process that is stopped by us. Returns: also "", where
 * they cannot be read.
 */
const char *seccomp_refuses_process(pid_t pid);

#endif /* ATTACH_SECCOMP_H */
