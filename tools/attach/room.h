/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Room for a few hundred bytes in a process, without making any: the end of the last page
 * of a library's segment, which the page has only because pages are what can be mapped.
 */
#ifndef ATTACH_ROOM_H
#define ATTACH_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "target.h"

enum room {
	ROOM_CODE, /* can be executed */
	ROOM_DATA, /* can be written, and nothing but zeros is there, or what begins with:
		    */
};

/* What ROOM_DATA begins with where it was used before. */
#define ROOM_MARK UINT64_C(0x7466617267737970) /* "pysgraft" */

/* Returns: its address, which is a multiple of 64, or 0. */
uint64_t room_find(struct target *target, enum room kind, uint64_t size);

#endif /* ATTACH_ROOM_H */
