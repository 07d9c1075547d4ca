/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a thread has its PyThreadState up to CPython 3.14: pthread-specific data. */
#ifndef ANNOUNCE_STATE_KEY_H
#define ANNOUNCE_STATE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "internals.h"
#include "layout/layout_words.h"
#include "remote.h"
#include "threads.h"

/*
 * @runtime: the address of _PyRuntime.
 *
 * Returns: false, and a static string in @why, where it cannot be told.
 */
bool state_key_find(struct remote *remote, uint64_t runtime,
		    const struct internals *internals, const struct threads *threads,
		    struct layout_way *way, const char **why);

#endif /* ANNOUNCE_STATE_KEY_H */
