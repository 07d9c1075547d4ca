/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The filters say which code is visible to tracers, by patterns on "module.qualname"
 * or, after "file:", on the file name. Without patterns to include all code is
 * included; what a pattern excludes is excluded. The filters are those of the process.
 * Any thread may call these functions, and none needs the GIL.
 */
#ifndef PYUSDT_FILTERS_H
#define PYUSDT_FILTERS_H

#include <stdbool.h>
#include <stdint.h>

struct codemeta;

/*
 * @include, @exclude: patterns with commas between, see pyusdt_options; copied; NULL is
 * as "". From now on each code object's metadata says whether they leave it visible.
 *
 * Returns: 1 when something changed, 0 when not; -EINVAL for a bad pattern, -ENOMEM.
 */
int filters_set(const char *include, const char *exclude);

/* Returns: NULL, or what is wrong with @pattern, a static string. */
const char *filters_pattern_error(const char *pattern);

/* Returns: the patterns, "" where there are none; valid for ever. */
const char *filters_include(void);
const char *filters_exclude(void);

/* Returns: whether there are any patterns. */
bool filters_any(void);

/* Returns: a number that is another one after each change. */
unsigned int filters_version(void);

/* Judge new metadata, and put it where later changes find it. */
void filters_add(struct codemeta *code);

/* Around fork(): nobody else is within the lock. */
void filters_fork_prepare(void);
void filters_fork_done(void);

#endif /* PYUSDT_FILTERS_H */
