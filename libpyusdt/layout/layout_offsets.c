// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file knows where each CPython version keeps what a walk of the stack reads. It
 * needs no Python and looks into no process, so that other programs can use it, too.
 */
#include "layout/layout_offsets.h"

#include <stddef.h>
#include <string.h>

/*
 * 3.12 publishes nothing, and is final: sizes and offsets of 64-bit Linux, the same for
 * x86-64 and arm64. PyThreadState.cframe points to a struct whose first word is the
 * frame.
 */
static const struct pyusdt_layout python_3_12 = {
	.frame = 56,
	.frame_indirect = 1,
	.previous = 8,
	.code = 0,
	.owner = 70,
	.instr = 56,
	.first_shim = 3,
	.name = 120,
	.qualname = 128,
	.filename = 112,
	.firstlineno = 68,
	.bytecode = 192,
	.ascii = 40,
	.thread_id = 136,
	.interpreter = 16,
	.gil = 384,
};

/*
 * From 3.13 on _PyRuntime begins with struct _Py_DebugOffsets: "xdebugpy", the version,
 * whether it is a free-threaded build, and then the offsets. These are where in that
 * struct each of ours is; they differ between minor versions only.
 */
struct published {
	uint32_t version; /* PY_VERSION_HEX, its two highest bytes */
	uint16_t frame, previous, code, owner, instr;
	uint16_t name, qualname, filename, firstlineno, bytecode, ascii, thread_id;
	uint16_t interpreter, gil;
};

static const struct published published[] = {
	{0x030d, 184, 232, 240, 264, 248, 288, 296, 280, 312, 344, 560, 192, 176, 112},
	{0x030e, 208, 256, 264, 288, 272, 328, 336, 320, 352, 384, 640, 216, 200, 120},
	{0x030f, 208, 320, 328, 352, 336, 392, 400, 384, 416, 448, 736, 240, 200, 120},
};

#define COOKIE         "xdebugpy"
#define DEBUG_VERSION  8
#define DEBUG_THREADED 16

/* enum _frameowner: those from here on are no Python functions, in 3.13 to 3.15. */
#define FIRST_SHIM 3

static uint64_t word(const void *debug, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)debug + offset, sizeof(value));
	return value;
}

static const struct published *find(uint32_t version)
{
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++)
		if (published[i].version == version >> 16)
			return &published[i];
	return NULL;
}

static void read_published(const struct published *at, const void *debug,
			   struct pyusdt_layout *layout)
{
	layout->frame = (uint32_t)word(debug, at->frame);
	layout->frame_indirect = 0;
	layout->previous = (uint32_t)word(debug, at->previous);
	layout->code = (uint32_t)word(debug, at->code);
	layout->owner = (uint32_t)word(debug, at->owner);
	layout->instr = (uint32_t)word(debug, at->instr);
	layout->first_shim = FIRST_SHIM;
	layout->name = (uint32_t)word(debug, at->name);
	layout->qualname = (uint32_t)word(debug, at->qualname);
	layout->filename = (uint32_t)word(debug, at->filename);
	layout->firstlineno = (uint32_t)word(debug, at->firstlineno);
	layout->bytecode = (uint32_t)word(debug, at->bytecode);
	layout->ascii = (uint32_t)word(debug, at->ascii);
	layout->thread_id = (uint32_t)word(debug, at->thread_id);
	layout->interpreter = (uint32_t)word(debug, at->interpreter);
	layout->gil = (uint32_t)word(debug, at->gil);
}

bool layout_offsets(uint32_t version, const void *debug, struct pyusdt_layout *layout,
		    const char **why)
{
	const struct published *at = find(version);

	if (version >> 16 == 0x030c) {
		*layout = python_3_12;
	} else if (!at) {
		*why = "the frames of this version of CPython are not known to pyusdt";
		return false;
	} else if (!debug || memcmp(debug, COOKIE, strlen(COOKIE)) != 0 ||
		   word(debug, DEBUG_VERSION) >> 16 != version >> 16) {
		*why = "this CPython does not publish where its frames are";
		return false;
	} else if (word(debug, DEBUG_THREADED)) {
		*why = "the frames of a free-threaded CPython are not known to pyusdt";
		return false;
	} else {
		read_published(at, debug, layout);
	}
	layout->size = sizeof(*layout);
	layout->python = version;
	return true;
}
