// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file builds text in a buffer of fixed size, never beyond it and never with a
 * character cut in two.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
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

/* Two digits at a time halve the divisions. Returns: where the two begin. */
static char *put_pair(char *end, unsigned long number)
{
	static const char pairs[] = "00010203040506070809"
				    "10111213141516171819"
				    "20212223242526272829"
				    "30313233343536373839"
				    "40414243444546474849"
				    "50515253545556575859"
				    "60616263646566676869"
				    "70717273747576777879"
				    "80818283848586878889"
				    "90919293949596979899";

	memcpy(end - 2, pairs + 2 * number, 2);
	return end - 2;
}

char *text_long(char *end, long number)
{
	unsigned long rest = number < 0 ? -(unsigned long)number : (unsigned long)number;
	uint32_t small;

	*--end = '\0';
	for (; rest > UINT32_MAX; rest /= 100)
		end = put_pair(end, rest % 100);
	/* Most fit, and are divided in half as many instructions. */
	for (small = (uint32_t)rest; small >= 100; small /= 100)
		end = put_pair(end, small % 100);
	if (small >= 10)
		end = put_pair(end, small);
	else
		*--end = (char)('0' + small);
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
