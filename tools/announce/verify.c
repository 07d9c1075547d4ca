// SPDX-License-Identifier: BSD-2-Clause
/*
 * The process runs meanwhile: a frame may be gone before all of it has been read. So a
 * walk that fails is tried again, and only two in a row that find everything as it has
 * to be are believed.
 */
#include "verify.h"

#define MAX_WALKED 8
#define MAX_FRAMES 32
#define MAX_SHIMS  8 /* in a row: CPython has one wherever C calls Python */
#define TRIES      20

/* An instruction is two bytes; the frame's may be the one before the first. */
#define BEFORE_FIRST   2
#define MAX_CODE_BYTES (1 << 26)

#define MAX_LINE 10000000

/* The low bits of a frame's pointer to its code object are no part of it. */
#define POINTER_BITS (~UINT64_C(3))

struct walk {
	struct remote *remote;
	const struct python *python;
	const struct internals *internals;
	const struct pyusdt_layout *layout;
};

/* By its address, where the type is exported, else by its name. */
static bool is_a(const struct walk *walk, uint64_t object, uint64_t type,
		 const char *name)
{
	uint64_t its = remote_word(walk->remote, object + walk->internals->type);

	if (type)
		return its == type;
	return remote_is_text(walk->remote,
			      remote_word(walk->remote, its + walk->internals->type_name),
			      name);
}

static bool is_text(const struct walk *walk, uint64_t code, uint32_t offset)
{
	return is_a(walk, remote_word(walk->remote, code + offset),
		    walk->python->str_type, "str");
}

static bool is_code(const struct walk *walk, uint64_t code)
{
	const struct pyusdt_layout *layout = walk->layout;
	int32_t line;

	return is_a(walk, code, walk->python->code_type, "code") &&
	       is_text(walk, code, layout->qualname) &&
	       is_text(walk, code, layout->filename) &&
	       remote_read(walk->remote, code + layout->firstlineno, &line,
			   sizeof(line)) &&
	       line >= 0 && line <= MAX_LINE;
}

static bool is_frame(const struct walk *walk, uint64_t frame)
{
	uint64_t code =
		remote_word(walk->remote, frame + walk->layout->code) & POINTER_BITS;
	uint64_t instr = remote_word(walk->remote, frame + walk->layout->instr);
	uint64_t offset = instr - code - walk->layout->bytecode + BEFORE_FIRST;

	return is_code(walk, code) && offset <= MAX_CODE_BYTES;
}

static uint64_t first_frame(const struct walk *walk, uint64_t state)
{
	uint64_t frame = remote_word(walk->remote, state + walk->layout->frame);

	return frame && walk->layout->frame_indirect ? remote_word(walk->remote, frame)
						     : frame;
}

/* Returns: how many frames there are, MAX_FRAMES at most; -1: one is none. */
static int count_frames(const struct walk *walk, uint64_t state)
{
	uint64_t frame = first_frame(walk, state);
	int count = 0, shims = 0;

	while (frame && count < MAX_FRAMES) {
		uint8_t owner;

		if (!remote_read(walk->remote, frame + walk->layout->owner, &owner,
				 sizeof(owner)))
			return -1;
		if (owner >= walk->layout->first_shim) {
			if (++shims > MAX_SHIMS)
				return -1;
		} else if (!is_frame(walk, frame)) {
			return -1;
		} else {
			count++;
			shims = 0;
		}
		if (!remote_read(walk->remote, frame + walk->layout->previous, &frame,
				 sizeof(frame)))
			return -1;
	}
	return count;
}

static int count_twice(const struct walk *walk, uint64_t state)
{
	for (int i = 0; i < TRIES; i++) {
		int first = count_frames(walk, state);
		int second = first < 0 ? -1 : count_frames(walk, state);

		if (second >= 0)
			return first < second ? first : second;
	}
	return -1;
}

static uint64_t state_at(struct remote *remote, uint64_t pointer,
			 const struct layout_way *way)
{
	uint64_t at = pointer + (uint64_t)way->tstate;

	if (way->inner)
		at = remote_word(remote, at) + way->inner - 1;
	if (way->inmost)
		at = remote_word(remote, at) + way->inmost - 1;
	return remote_word(remote, at);
}

bool verify_layout(struct remote *remote, const struct python *python,
		   const struct internals *internals, const struct threads *threads,
		   const struct pyusdt_layout *layout, const struct layout_way *way,
		   const char **why)
{
	const struct walk walk = {remote, python, internals, layout};
	int walked = 0, good = 0;

	for (int i = 0; i < threads->count && walked < MAX_WALKED; i++) {
		uint64_t state = state_at(remote, threads->list[i].pointer, way);
		int count;

		if (state != threads->list[i].state)
			continue;
		count = count_twice(&walk, state);
		if (count < 0) {
			*why = "its frames are not where they should be";
			return false;
		}
		walked++;
		good += count > 0;
	}
	if (!good)
		*why = "no Python function runs in it yet";
	return good > 0;
}
