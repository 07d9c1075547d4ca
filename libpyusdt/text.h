/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded string builder. What does not fit is cut at a UTF-8 boundary and ends in
 * "...".
 */
#ifndef PYUSDT_TEXT_H
#define PYUSDT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *buffer; /* borrowed */
	size_t size;  /* of the buffer, at least 4 */
	size_t length;
	bool cut; /* something did not fit; nothing is added any more */
};

#define TEXT_INIT(buffer, size)            \
	{                                  \
		(buffer), (size), 0, false \
	}

void text_add(struct text *text, const char *data, size_t size);
void text_add_string(struct text *text, const char *string);
void text_printf(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* How many bytes may still be added before the text is cut. */
static inline size_t text_room(const struct text *text)
{
	return text->cut ? 0 : text->size - 1 - text->length;
}

/* Say that there would have been more. */
static inline void text_cut(struct text *text)
{
	text->cut = true;
}

/* Returns: the buffer, NUL-terminated. */
const char *text_finish(struct text *text);

#endif /* PYUSDT_TEXT_H */
