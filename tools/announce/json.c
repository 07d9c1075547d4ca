// SPDX-License-Identifier: BSD-2-Clause
/* JSON is written by hand: all that is needed is text that cannot do harm. */
#include "json.h"

#include <stdint.h>

#define BAD_BYTE 0xdc00U

/* Returns: how many bytes the character has that begins there, and which it is. */
static int decode(const unsigned char *text, uint32_t *character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	int length = *text < 0x80   ? 1
		     : *text < 0xc2 ? 0
		     : *text < 0xe0 ? 2
		     : *text < 0xf0 ? 3
		     : *text < 0xf5 ? 4
				    : 0;
	uint32_t value = length > 1 ? *text & (0x7fU >> length) : *text;

	for (int i = 1; i < length; i++) {
		/* Also where the text ends. */
		if ((text[i] & 0xc0) != 0x80)
			length = 0;
		value = value << 6 | (text[i] & 0x3fU);
	}
	if (!length || value < least[length] || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000)) {
		*character = BAD_BYTE + *text;
		return 1;
	}
	*character = value;
	return length;
}

static void put(FILE *to, uint32_t character)
{
	if (character >= 0x10000) {
		character -= 0x10000;
		fprintf(to, "\\u%04x\\u%04x", 0xd800 + (character >> 10),
			0xdc00 + (character & 0x3ff));
	} else if (character == '"' || character == '\\') {
		fprintf(to, "\\%c", (int)character);
	} else if (character < 0x20 || character >= 0x7f) {
		fprintf(to, "\\u%04x", character);
	} else {
		fputc((int)character, to);
	}
}

void json_string(FILE *to, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (!text) {
		fputs("null", to);
		return;
	}
	fputc('"', to);
	while (*at) {
		uint32_t character;

		at += decode(at, &character);
		put(to, character);
	}
	fputc('"', to);
}
