// SPDX-License-Identifier: BSD-2-Clause
/*
 * Patterns and texts of any bytes: the first line of the input is the pattern, the rest
 * the text. Short ones are matched by a slow matcher, too, that is written to be obvious.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code/glob.h"

/* The slow one takes exponential time. */
#define SLOW_MAX 16

#define ODD_BYTE 0x110000U

/* Characters, with a 0 at the end. */
typedef uint32_t characters[SLOW_MAX + 1];

/* Returns: the character that the @length bytes write, or 0. */
static uint32_t decode_exactly(const unsigned char *byte, int length)
{
	uint32_t c;

	for (int i = 1; i < length; i++)
		if (byte[i] < 0x80 || byte[i] > 0xbf)
			return 0;
	switch (length) {
	case 1:
		return byte[0] < 0x80 ? byte[0] : 0;
	case 2:
		return byte[0] >= 0xc2 && byte[0] <= 0xdf
			       ? (byte[0] - 0xc0U) * 0x40 + (byte[1] - 0x80U)
			       : 0;
	case 3:
		if (byte[0] < 0xe0 || byte[0] > 0xef)
			return 0;
		c = ((byte[0] - 0xe0U) * 0x40 + (byte[1] - 0x80U)) * 0x40 +
		    (byte[2] - 0x80U);
		return c >= 0x800 && (c < 0xd800 || c > 0xdfff) ? c : 0;
	default:
		if (byte[0] < 0xf0 || byte[0] > 0xf4)
			return 0;
		c = (((byte[0] - 0xf0U) * 0x40 + (byte[1] - 0x80U)) * 0x40 +
		     (byte[2] - 0x80U)) *
			    0x40 +
		    (byte[3] - 0x80U);
		return c >= 0x10000 && c <= 0x10ffff ? c : 0;
	}
}

static void decode(characters to, const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t left = strlen(text);

	while (left) {
		uint32_t c = 0;
		int length = 0;

		while (!c && length < 4 && (size_t)length < left)
			c = decode_exactly(byte, ++length);
		if (!c) {
			c = ODD_BYTE + *byte;
			length = 1;
		}
		*to++ = c;
		byte += length;
		left -= (size_t)length;
	}
	*to = 0;
}

/* @set: behind its "[". Returns: at its "]", or NULL. */
static const uint32_t *end_of(const uint32_t *set)
{
	const uint32_t *at = set + (*set == '!');

	/* The first one is in the set, whatever it is. */
	if (*at)
		at++;
	while (*at && *at != ']')
		at++;
	return *at ? at : NULL;
}

/* Returns: whether @c is in the set; -1: a range is in the wrong order. */
static int is_in(const uint32_t *set, uint32_t c)
{
	const uint32_t *end = end_of(set);
	bool not = *set == '!', in = false;

	for (set += not; set < end; set++) {
		uint32_t last = *set;

		if (set + 2 < end && set[1] == '-')
			last = set[2];
		if (last < *set)
			return -1;
		in = in || (c >= *set && c <= last);
		if (set + 2 < end && set[1] == '-')
			set += 2;
	}
	return in != not;
}

static bool is_good(const uint32_t *pattern)
{
	if (!*pattern)
		return false;
	for (; *pattern; pattern++) {
		if (*pattern != '[')
			continue;
		if (!end_of(pattern + 1) || is_in(pattern + 1, 'x') < 0)
			return false;
		pattern = end_of(pattern + 1);
	}
	return true;
}

/* Of a good pattern. */
static bool matches(const uint32_t *pattern, const uint32_t *text)
{
	switch (*pattern) {
	case 0:
		return !*text;
	case '*':
		return matches(pattern + 1, text) ||
		       (*text && pattern[1] != '*' && matches(pattern, text + 1));
	case '?':
		return *text && matches(pattern + 1, text + 1);
	case '[':
		return *text && is_in(pattern + 1, *text) &&
		       matches(end_of(pattern + 1) + 1, text + 1);
	default:
		return *pattern == *text && matches(pattern + 1, text + 1);
	}
}

static void compare(const char *pattern, const char *text)
{
	characters wide_pattern, wide_text;
	bool good = !glob_check(pattern);
	bool match = glob_match(pattern, text);

	if (strlen(pattern) > SLOW_MAX || strlen(text) > SLOW_MAX)
		return;
	decode(wide_pattern, pattern);
	decode(wide_text, text);
	if (good == is_good(wide_pattern) &&
	    (!good || match == matches(wide_pattern, wide_text)))
		return;
	fprintf(stderr, "pattern \"%s\", text \"%s\": good %d, match %d\n", pattern, text,
		good, match);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line_end = size ? memchr(data, '\n', size) : NULL;
	size_t line = line_end ? (size_t)(line_end - data) : size;
	/* Of exact size each, for the sanitisers to see. */
	char *pattern = strndup((const char *)data, line);
	char *text =
		strndup((const char *)data + line + !!line_end, size - line - !!line_end);

	compare(pattern, text);
	free(pattern);
	free(text);
	return 0;
}
