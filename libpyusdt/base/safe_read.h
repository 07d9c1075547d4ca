/* SPDX-License-Identifier: BSD-2-Clause */
/* These functions read memory of this process at addresses that may be wrong. */
#ifndef PYUSDT_SAFE_READ_H
#define PYUSDT_SAFE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Read @size bytes at @offset from @base. Neither need be right: what they come to may be
 * no address, which a pointer in C may not.
 *
 * Returns: false where not all of it can be read, or the kernel refuses to.
 */
bool safe_read(void *to, const void *base, int64_t offset, size_t size);

/*
 * Returns: NULL; or why nothing at all can be read, as a static string: the kernel, or
 * what a container allows, has the last word on it.
 */
const char *safe_read_refusal(void);

#endif /* PYUSDT_SAFE_READ_H */
