// SPDX-License-Identifier: BSD-2-Clause
#include "text.h"

#include <stdio.h>

void text_show(const char *text, char *shown, size_t size)
{
	size_t at = 0;

	for (; *text && at + 8 <= size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c > '~')
			at += (size_t)snprintf(shown + at, size - at, "\\x%02x", c);
		else
			shown[at++] = *text;
	}
	shown[at] = 0;
}
