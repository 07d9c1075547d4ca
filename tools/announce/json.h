/* SPDX-License-Identifier: BSD-2-Clause */
/* Text as JSON in ASCII. */
#ifndef ANNOUNCE_JSON_H
#define ANNOUNCE_JSON_H

#include <stdio.h>

/*
 * @text in quotes, NULL: null. Whatever it is, nothing but printable ASCII comes out, so
 * that it moves no terminal's cursor. Bytes that are no UTF-8 are written as
 * \udc80 to \udcff, as Python's surrogateescape does.
 */
void json_string(FILE *to, const char *text);

#endif /* ANNOUNCE_JSON_H */
