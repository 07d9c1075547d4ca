/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a layout right? Looked at before it is told. */
#ifndef ANNOUNCE_VERIFY_H
#define ANNOUNCE_VERIFY_H

#include <stdbool.h>

#include "internals.h"
#include "layout/layout_words.h"
#include "python.h"
#include "remote.h"
#include "threads.h"

/*
 * Walk the threads' stacks as a BPF program would.
 *
 * Returns: false, and a static string in @why: something is not what it has to be, or no
 * thread runs a Python function.
 */
bool verify_layout(struct remote *remote, const struct python *python,
		   const struct internals *internals, const struct threads *threads,
		   const struct pyusdt_layout *layout, const struct layout_way *way,
		   const char **why);

#endif /* ANNOUNCE_VERIFY_H */
