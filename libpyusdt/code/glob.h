/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * These patterns are those of Python's fnmatch.fnmatchcase(), "*", "?", "[seq]" and
 * "[!seq]", on UTF-8. They need no Python.
 */
#ifndef PYUSDT_GLOB_H
#define PYUSDT_GLOB_H

#include <stdbool.h>

/*
 * Returns: whether all of @text matches. In text that is no UTF-8 each odd byte is a
 * character of its own.
 */
bool glob_match(const char *pattern, const char *text);

/*
 * Stricter than fnmatch, where "[" without "]" is a character, and "[z-a]" matches
 * nothing.
 *
 * Returns: NULL, or what is wrong with @pattern, a static string.
 */
const char *glob_check(const char *pattern);

#endif /* PYUSDT_GLOB_H */
