/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This builds text in a buffer of fixed size. What does not fit is cut at a UTF-8
 * boundary and ends in "...".
 */
#ifndef PYUSDT_TEXT_H
#define PYUSDT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Room for any long in decimal: a digit for each three bits, a sign, and the NUL. */
#define TEXT_LONG_SIZE (sizeof(long) * 8 / 3 + 3)

/*
 * Write @number so that it ends, with its NUL, right before @end, which has room for
 * TEXT_LONG_SIZE before it. Numbers are the most frequent values, and printf() takes ten
 * times as long.
 *
 * Returns: where it begins.
 */
char *text_long(char *end, long number);

struct text {
	char *buffer; /* borrowed */
	size_t size;  /* of the buffer, at least 4 */
	size_t length;
	bool cut; /* something did not fit; nothing is added any more */
};

#define TEXT_INIT(buffer, size) {(buffer), (size), 0, false}

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
