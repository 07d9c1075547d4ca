// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file matches text against patterns by going back to the last "*" only, so that no
 * pattern takes more than its length times the text's.
 */
#include "code/glob.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Above all of Unicode: bytes that are no UTF-8 match nothing but themselves. */
#define ODD_BYTE UINT32_C(0x110000)

/* Returns: the length of the sequence that @byte begins, 1 also where it begins none. */
static int sequence_length(unsigned char byte)
{
	if (byte >= 0xf0 && byte < 0xf8)
		return 4;
	if (byte >= 0xe0)
		return byte < 0xf0 ? 3 : 1;
	return byte >= 0xc0 ? 2 : 1;
}

/* Returns: whether UTF-8 writes @character in @length bytes. */
static bool is_written_in(uint32_t character, int length)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	bool surrogate = character >= 0xd800 && character < 0xe000;

	return character >= least[length] && character < ODD_BYTE && !surrogate;
}

/* Returns: the character at *@at, which is moved behind it; 0 at the end. */
static uint32_t next(const char **at)
{
	const unsigned char *byte = (const unsigned char *)*at;
	int length = sequence_length(*byte);
	uint32_t character = *byte;

	if (!character)
		return 0;
	*at += 1;
	if (character < 0x80)
		return character;
	if (length == 1)
		return ODD_BYTE + character;
	character &= 0x7fU >> length;
	for (int i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return ODD_BYTE + *byte;
		character = character << 6 | (byte[i] & 0x3fU);
	}
	if (!is_written_in(character, length))
		return ODD_BYTE + *byte;
	*at += length - 1;
	return character;
}

/*
 * @set: what follows a "[".
 *
 * Returns: its "]", which is not the first character of the set; NULL where there is
 * none.
 */
static const char *set_end(const char *set)
{
	if (*set == '!')
		set++;
	return *set ? strchr(set + 1, ']') : NULL;
}

/* Read one item of a set, "c" or "a-z", and move *@set behind it. */
static void next_range(const char **set, const char *end, uint32_t *low, uint32_t *high)
{
	*low = *high = next(set);
	/* At either end of the set "-" is itself. */
	if (**set == '-' && *set + 1 < end) {
		*set += 1;
		*high = next(set);
	}
}

/* @set: behind a "[" that has an end. */
static bool in_set(const char *set, uint32_t character)
{
	const char *end = set_end(set);
	bool negated = *set == '!';
	bool found = false;

	if (negated)
		set++;
	while (set < end) {
		uint32_t low, high;

		next_range(&set, end, &low, &high);
		if (low <= character && character <= high)
			found = true;
	}
	return found != negated;
}

/* @set: behind a "[" that has an end. */
static bool is_in_order(const char *set)
{
	const char *end = set_end(set);

	if (*set == '!')
		set++;
	while (set < end) {
		uint32_t low, high;

		next_range(&set, end, &low, &high);
		if (low > high)
			return false;
	}
	return true;
}

/*
 * Does the one item of *@pattern, which is no "*", match @character? *@pattern is moved
 * behind it.
 */
static bool match_one(const char **pattern, uint32_t character)
{
	const char *set = *pattern + 1;
	uint32_t item = next(pattern);

	if (item == '?')
		return true;
	if (item != '[' || !set_end(set))
		return item == character;
	*pattern = set_end(set) + 1;
	return in_set(set, character);
}

bool glob_match(const char *pattern, const char *text)
{
	/* Behind the last "*", and where in the text it is tried now. */
	const char *retry = NULL, *retry_text = NULL;

	for (;;) {
		uint32_t character;

		if (*pattern == '*') {
			retry = ++pattern;
			retry_text = text;
			continue;
		}
		character = next(&text);
		if (!character && !*pattern)
			return true;
		if (character && *pattern && match_one(&pattern, character))
			continue;
		/* The "*" takes one more; what an earlier one took stays as it is. */
		if (!retry || !*retry_text)
			return false;
		next(&retry_text);
		text = retry_text;
		pattern = retry;
	}
}

const char *glob_check(const char *pattern)
{
	if (!*pattern)
		return "empty";
	while (*pattern) {
		if (*pattern++ != '[')
			continue;
		if (!set_end(pattern))
			return "[ without ]";
		if (!is_in_order(pattern))
			return "range that ends before it begins";
		pattern = set_end(pattern) + 1;
	}
	return NULL;
}
