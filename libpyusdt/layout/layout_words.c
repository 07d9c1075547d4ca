// SPDX-License-Identifier: BSD-2-Clause
/*
 * The words of the probe PROCESS. A BPF program keeps them as one value per process, and
 * an event costs it one look-up instead of one read of user memory for each offset.
 *
 * Each word has fields of 16 bits, the lowest first:
 *
 *   tstate   32 bits, signed, from the thread pointer; inner; inmost
 *   walk     previous, code, owner, instr            in a frame
 *   names    qualname, filename, firstlineno, bytecode   in a code object
 *   rest     frame, thread_id                        in PyThreadState
 *            ascii, ascii_bit                        8 bits each: in a str
 *            first_shim, frame_indirect              8 bits each
 *   version  PY_VERSION_HEX
 */
#include "layout_words.h"

/* In the byte 8 before the text of a str: it is ASCII, and so the text is there. */
#define ASCII_BIT 0x40

static bool fits(uint64_t value, unsigned int bits)
{
	return value < UINT64_C(1) << bits;
}

static bool all_fit(const struct pyusdt_layout *layout, const struct layout_way *way)
{
	const uint32_t sixteen[] = {
		way->inner,       way->inmost,      way->thread_id,      layout->frame,
		layout->previous, layout->code,     layout->owner,       layout->instr,
		layout->qualname, layout->filename, layout->firstlineno, layout->bytecode,
	};
	const uint32_t eight[] = {
		layout->ascii,
		layout->first_shim,
		layout->frame_indirect,
	};

	for (unsigned int i = 0; i < sizeof(sixteen) / sizeof(sixteen[0]); i++)
		if (!fits(sixteen[i], 16))
			return false;
	for (unsigned int i = 0; i < sizeof(eight) / sizeof(eight[0]); i++)
		if (!fits(eight[i], 8))
			return false;
	return way->tstate == (int32_t)way->tstate;
}

static uint64_t pack(uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
	return first | second << 16 | third << 32 | fourth << 48;
}

bool layout_words(const struct pyusdt_layout *layout, const struct layout_way *way,
		  struct layout_words *words, const char **why)
{
	if (!all_fit(layout, way)) {
		*why = "an offset of its frames is too large for the probe PROCESS";
		return false;
	}
	words->tstate = (uint32_t)way->tstate | (uint64_t)way->inner << 32 |
			(uint64_t)way->inmost << 48;
	words->walk = pack(layout->previous, layout->code, layout->owner, layout->instr);
	words->names = pack(layout->qualname, layout->filename, layout->firstlineno,
			    layout->bytecode);
	words->rest = pack(layout->frame, way->thread_id, layout->ascii | ASCII_BIT << 8,
			   layout->first_shim | (uint64_t)layout->frame_indirect << 8);
	words->version = layout->python;
	return true;
}
