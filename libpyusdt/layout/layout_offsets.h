/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * These are the offsets of each CPython version: plain data, which is of use from
 * outside a process, too.
 */
#ifndef PYUSDT_LAYOUT_OFFSETS_H
#define PYUSDT_LAYOUT_OFFSETS_H

#include <stdbool.h>
#include <stdint.h>

#include "pyusdt_layout.h"

/*
 * The offsets of CPython @version (PY_VERSION_HEX), all of the layout but tstate.
 *
 * @debug: the start of _PyRuntime, where CPython publishes offsets from 3.13 on; may be
 * a copy of its first LAYOUT_DEBUG_SIZE bytes. NULL: there is none.
 *
 * Returns: false, and a static string in @why, when they are not known.
 */
bool layout_offsets(uint32_t version, const void *debug, struct pyusdt_layout *layout,
		    const char **why);

/* How much of _PyRuntime is looked at. */
#define LAYOUT_DEBUG_SIZE 1024

#endif /* PYUSDT_LAYOUT_OFFSETS_H */
