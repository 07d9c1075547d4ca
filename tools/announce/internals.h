/* SPDX-License-Identifier: BSD-2-Clause */
/* Offsets of each CPython version that only a look from outside needs. */
#ifndef ANNOUNCE_INTERNALS_H
#define ANNOUNCE_INTERNALS_H

#include <stdbool.h>
#include <stdint.h>

struct internals {
	uint32_t first_interpreter;              /* in _PyRuntime */
	uint32_t next_interpreter, first_thread; /* in PyInterpreterState */
	uint32_t next_thread;                    /* in PyThreadState */
	uint32_t type;                           /* in any object */
	uint32_t type_name;                      /* in a type */
	/* In _PyRuntime: {int initialised, key}, where it is known; 0: it is not. */
	uint32_t key;
};

/*
 * Of CPython @version (PY_VERSION_HEX).
 *
 * @debug: the first LAYOUT_DEBUG_SIZE bytes of _PyRuntime; layout_offsets() knows the
 * version, and has found what it publishes.
 *
 * Returns: false where what it publishes cannot be.
 */
bool internals_find(uint32_t version, const void *debug, struct internals *internals);

#endif /* ANNOUNCE_INTERNALS_H */
