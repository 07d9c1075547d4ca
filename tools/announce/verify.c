// SPDX-License-Identifier: BSD-2-Clause
/*
 * The process runs meanwhile: a frame may be gone before all of it has been read. So a
 * walk that fails is tried again, and only two in a row that find everything as it has
 * to be are believed.
 */
#include "verify.h"

#include <string.h>

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

/* Each is read as a whole, up to the last field that is looked at. */
#define MAX_FRAME_SIZE 256
#define MAX_CODE_SIZE  512

#define MAX_KNOWN 64

struct walk {
	struct remote *remote;
	const struct python *python;
	const struct internals *internals;
	const struct pyusdt_layout *layout;
	uint64_t known[MAX_KNOWN]; /* code objects that have been found right */
	unsigned int known_count;
};

/* Returns: the word there; 0 where that is not within what has been read. */
static uint64_t word_in(const void *bytes, size_t size, uint32_t offset)
{
	uint64_t word = 0;

	if (offset + sizeof(word) <= size)
		memcpy(&word, (const char *)bytes + offset, sizeof(word));
	return word;
}

static size_t larger(size_t size, uint32_t offset)
{
	size_t end = offset + sizeof(uint64_t);

	return size > end ? size : end;
}

/* By its address, where the type is exported, else by its name. */
static bool is_type(const struct walk *walk, uint64_t its, uint64_t type,
		    const char *name)
{
	if (type)
		return its == type;
	return remote_is_text(walk->remote,
			      remote_word(walk->remote, its + walk->internals->type_name),
			      name);
}

static bool is_text(const struct walk *walk, uint64_t object)
{
	return is_type(walk, remote_word(walk->remote, object + walk->internals->type),
		       walk->python->str_type, "str");
}

static bool is_right_code(const struct walk *walk, uint64_t code)
{
	const struct pyusdt_layout *layout = walk->layout;
	char bytes[MAX_CODE_SIZE];
	size_t size = larger(0, walk->internals->type);
	int32_t line;

	size = larger(size, layout->qualname);
	size = larger(size, layout->filename);
	size = larger(size, layout->firstlineno);
	if (size > sizeof(bytes) || !remote_read(walk->remote, code, bytes, size))
		return false;
	memcpy(&line, bytes + layout->firstlineno, sizeof(line));
	return line >= 0 && line <= MAX_LINE &&
	       is_type(walk, word_in(bytes, size, walk->internals->type),
		       walk->python->code_type, "code") &&
	       is_text(walk, word_in(bytes, size, layout->qualname)) &&
	       is_text(walk, word_in(bytes, size, layout->filename));
}

static bool is_code(struct walk *walk, uint64_t code)
{
	for (unsigned int i = 0; i < walk->known_count; i++)
		if (walk->known[i] == code)
			return true;
	if (!is_right_code(walk, code))
		return false;
	if (walk->known_count < MAX_KNOWN)
		walk->known[walk->known_count++] = code;
	return true;
}

struct frame {
	uint64_t previous, code, instr;
	uint8_t owner;
};

static bool read_frame(const struct walk *walk, uint64_t address, struct frame *frame)
{
	const struct pyusdt_layout *layout = walk->layout;
	char bytes[MAX_FRAME_SIZE];
	size_t size = larger(0, layout->previous);

	size = larger(size, layout->code);
	size = larger(size, layout->instr);
	size = larger(size, layout->owner);
	if (size > sizeof(bytes) || !remote_read(walk->remote, address, bytes, size))
		return false;
	frame->previous = word_in(bytes, size, layout->previous);
	frame->code = word_in(bytes, size, layout->code) & POINTER_BITS;
	frame->instr = word_in(bytes, size, layout->instr);
	frame->owner = (uint8_t)bytes[layout->owner];
	return true;
}

static bool is_function(struct walk *walk, const struct frame *frame)
{
	uint64_t offset =
		frame->instr - frame->code - walk->layout->bytecode + BEFORE_FIRST;

	return is_code(walk, frame->code) && offset <= MAX_CODE_BYTES;
}

static uint64_t first_frame(const struct walk *walk, uint64_t state)
{
	uint64_t frame = remote_word(walk->remote, state + walk->layout->frame);

	return frame && walk->layout->frame_indirect ? remote_word(walk->remote, frame)
						     : frame;
}

/* Returns: how many frames there are, MAX_FRAMES at most; -1: one is none. */
static int count_frames(struct walk *walk, uint64_t state)
{
	uint64_t at = first_frame(walk, state);
	int count = 0, shims = 0;

	while (at && count < MAX_FRAMES) {
		struct frame frame;

		if (!read_frame(walk, at, &frame))
			return -1;
		if (frame.owner >= walk->layout->first_shim) {
			if (++shims > MAX_SHIMS)
				return -1;
		} else if (!is_function(walk, &frame)) {
			return -1;
		} else {
			count++;
			shims = 0;
		}
		at = frame.previous;
	}
	return count;
}

static int count_twice(struct walk *walk, uint64_t state)
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
	struct walk walk = {remote, python, internals, layout, {0}, 0};
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
