// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file packs a layout into the words of the probe PROCESS, whose fields
 * PYUSDT_WORDS names, and refuses one that does not fit.
 */
#include "layout/layout_words.h"

/* In the byte 8 before the text of a str: it is ASCII, and so the text is there. */
#define ASCII_BIT 0x40

static bool pack(uint64_t *word, uint64_t value, unsigned int lowest, unsigned int bits)
{
	if (value >> bits)
		return false;
	*word |= value << lowest;
	return true;
}

bool layout_words(const struct pyusdt_layout *layout, const struct layout_way *way,
		  struct layout_words *words, const char **why)
{
	const uint64_t tstate = (uint32_t)way->tstate;
	const uint64_t inner = way->inner, inmost = way->inmost;
	const uint64_t previous = layout->previous, code = layout->code;
	const uint64_t owner = layout->owner, instr = layout->instr;
	const uint64_t qualname = layout->qualname, filename = layout->filename;
	const uint64_t firstlineno = layout->firstlineno, bytecode = layout->bytecode;
	const uint64_t frame = layout->frame, frame_indirect = layout->frame_indirect;
	const uint64_t thread_id = layout->thread_id, first_shim = layout->first_shim;
	const uint64_t ascii = layout->ascii, ascii_bit = ASCII_BIT;
	const uint64_t python = layout->python, interpreter = layout->interpreter;
	const uint64_t gil = layout->gil;
	bool fits = way->tstate == (int32_t)way->tstate;
	struct layout_words packed = {0};

#define FIELD(word, field, lowest, bits) fits &= pack(&packed.word, field, lowest, bits);
	PYUSDT_WORDS(FIELD)
#undef FIELD
	if (fits)
		*words = packed;
	else
		*why = "an offset of its frames is too large for the probe PROCESS";
	return fits;
}
