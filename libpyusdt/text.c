// SPDX-License-Identifier: BSD-2-Clause
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char ellipsis[] = "...";

/* Returns: the largest length <= @length that does not split a UTF-8 sequence. */
static size_t utf8_boundary(const char *data, size_t length)
{
	while (length > 0 && ((unsigned char)data[length] & 0xc0) == 0x80)
		length--;
	return length;
}

void text_add(struct text *text, const char *data, size_t size)
{
	size_t room = text_room(text);

	if (size > room) {
		size = utf8_boundary(data, room);
		text_cut(text);
	}
	memcpy(text->buffer + text->length, data, size);
	text->length += size;
}

void text_add_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

char *text_long(char *end, long number)
{
	unsigned long rest = number < 0 ? -(unsigned long)number : (unsigned long)number;

	*--end = '\0';
	do {
		*--end = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (number < 0)
		*--end = '-';
	return end;
}

void text_printf(struct text *text, const char *format, ...)
{
	char buffer[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(buffer, sizeof(buffer), format, arguments);
	va_end(arguments);
	text_add_string(text, buffer);
}

const char *text_finish(struct text *text)
{
	text->buffer[text->length] = '\0';
	if (text->cut) {
		size_t room = text->size - sizeof(ellipsis);

		if (text->length > room)
			text->length = utf8_boundary(text->buffer, room);
		memcpy(text->buffer + text->length, ellipsis, sizeof(ellipsis));
		text->length += sizeof(ellipsis) - 1;
	}
	return text->buffer;
}
