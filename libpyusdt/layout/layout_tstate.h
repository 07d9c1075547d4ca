/* SPDX-License-Identifier: BSD-2-Clause */
/* This finds where a thread keeps the pointer to its PyThreadState. */
#ifndef PYUSDT_LAYOUT_TSTATE_H
#define PYUSDT_LAYOUT_TSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

/*
 * Look around the thread pointer for the word that holds the calling thread's
 * PyThreadState, and keep the one that also does so for a second thread, and while the
 * GIL is released.
 *
 * Needs the GIL, and lets go of it in between.
 *
 * Returns: false, and a static string in @why, when there is none.
 */
bool layout_find_tstate(__s64 *offset, const char **why);

/* Returns: the word at @offset from the calling thread's thread pointer. */
void *layout_tstate_at(int64_t offset);

#endif /* PYUSDT_LAYOUT_TSTATE_H */
