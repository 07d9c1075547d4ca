/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where CPython keeps what PEP 768 is about, as it tells debuggers itself: from 3.13 on
 * _PyRuntime begins with a table of offsets, _Py_DebugOffsets.
 */
#ifndef ATTACH_DEBUG_OFFSETS_H
#define ATTACH_DEBUG_OFFSETS_H

#include <stdbool.h>
#include <stdint.h>

#include "python.h"

struct debug_offsets {
	/* In _PyRuntime. */
	uint64_t first_interpreter;
	/* In an interpreter. */
	uint64_t id, next_interpreter, main_thread, enabled;
	/* In a thread state. */
	uint64_t breaker, support;
	/* At @support: an int, 1 while there is a request; the script's path, and its
	 * size. */
	uint64_t pending, path, path_size;
};

/*
 * The table of CPython @version. @words: @count words from _PyRuntime on.
 *
 * Returns: whether it has all these, and they can be right.
 */
bool debug_offsets_parse(const uint64_t *words, size_t count, uint32_t version,
			 struct debug_offsets *offsets);

/* Returns: as debug_offsets_parse(), of that process. */
bool debug_offsets_read(struct target *target, const struct python *python,
			struct debug_offsets *offsets);

/* Returns: whether it says that it has no GIL. */
bool debug_offsets_free_threaded(struct target *target, const struct python *python);

#endif /* ATTACH_DEBUG_OFFSETS_H */
