/* SPDX-License-Identifier: BSD-2-Clause */
/* A layout as a few words, which the probe PROCESS hands to BPF programs by value. */
#ifndef PYUSDT_LAYOUT_WORDS_H
#define PYUSDT_LAYOUT_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "pyusdt_layout.h"

/*
 * The way from a thread's pointer to the word with its PyThreadState *, and back. At
 * @tstate from the thread pointer is that word; or, where @inner is not 0, a pointer: go
 * on at inner - 1 after what it points to; and where @inmost is not 0, likewise once
 * more.
 */
struct layout_way {
	int64_t tstate;
	uint32_t inner, inmost;
};

/* As the arguments of PROCESS are, after the process id: see PYUSDT_WORDS. */
struct layout_words {
	uint64_t tstate, walk, names, rest, version;
};

/*
 * @layout->tstate is not looked at: @way says more.
 *
 * Returns: false, and a static string in @why, where something does not fit.
 */
bool layout_words(const struct pyusdt_layout *layout, const struct layout_way *way,
		  struct layout_words *words, const char **why);

#endif /* PYUSDT_LAYOUT_WORDS_H */
