// SPDX-License-Identifier: BSD-2-Clause
/* Offsets for the walk over interpreters and threads; the frames are libpyusdt's part. */
#include "internals.h"

#include <stddef.h>
#include <string.h>

/* In a type: tp_name, right after the head of an object that has a size. */
#define TYPE_NAME 24

/* 3.12 publishes nothing, and is final. */
static const struct internals python_3_12 = {
	.first_interpreter = 40,
	.next_interpreter = 0,
	.first_thread = 72,
	.next_thread = 8,
	.type = 8,
	.type_name = TYPE_NAME,
	.key = 1544,
};

/*
 * Where in struct _Py_DebugOffsets each is, as in libpyusdt's table of what it needs
 * itself. The key is not published, but has not moved within a version so far. It is
 * believed only where what is there is one that has been found otherwise.
 */
struct published {
	uint32_t version; /* PY_VERSION_HEX, its two highest bytes */
	uint16_t first_interpreter, next_interpreter, first_thread, next_thread;
	uint16_t type;
	uint16_t key;
};

static const struct published published[] = {
	{0x030d, 40, 64, 72, 168, 360, 2160},
	{0x030e, 40, 64, 72, 192, 408, 2336},
	{0x030f, 40, 64, 72, 192, 472, 0},
};

/* No struct of CPython's is nearly as large. */
#define MAX_OFFSET (1U << 20)

static bool read_offset(const void *debug, size_t at, uint32_t *offset)
{
	uint64_t value;

	memcpy(&value, (const char *)debug + at, sizeof(value));
	*offset = (uint32_t)value;
	return value < MAX_OFFSET;
}

static bool read_published(const struct published *at, const void *debug,
			   struct internals *internals)
{
	internals->type_name = TYPE_NAME;
	internals->key = at->key;
	return read_offset(debug, at->first_interpreter, &internals->first_interpreter) &&
	       read_offset(debug, at->next_interpreter, &internals->next_interpreter) &&
	       read_offset(debug, at->first_thread, &internals->first_thread) &&
	       read_offset(debug, at->next_thread, &internals->next_thread) &&
	       read_offset(debug, at->type, &internals->type);
}

bool internals_find(uint32_t version, const void *debug, struct internals *internals)
{
	if (version >> 16 == 0x030c) {
		*internals = python_3_12;
		return true;
	}
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++)
		if (published[i].version == version >> 16)
			return read_published(&published[i], debug, internals);
	return false;
}
