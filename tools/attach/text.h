/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process has chosen is shown so that it cannot be anything but text. */
#ifndef ATTACH_TEXT_H
#define ATTACH_TEXT_H

#include <stddef.h>

/* @text in printable ASCII, cut so as to fit into @size bytes, which are at least 8. */
void text_show(const char *text, char *shown, size_t size);

#endif /* ATTACH_TEXT_H */
