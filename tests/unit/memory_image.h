/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a process in a file: how many images there are, one byte; where each begins,
 * 8 bytes; then ranges: address, 8 bytes, size, 4 bytes, and the bytes. In the order of
 * the machine.
 */
#ifndef MEMORY_IMAGE_H
#define MEMORY_IMAGE_H

#include <stdint.h>
#include <string.h>

#include "fake_remote.h"
#include "maps.h"

/* Returns: how much was taken, which is what is there and at most @size. */
static inline size_t memory_take(const uint8_t **data, size_t *left, void *to,
				 size_t size)
{
	if (size > *left)
		size = *left;
	memcpy(to, *data, size);
	*data += size;
	*left -= size;
	return size;
}

/* Whatever the file is. Its bytes are borrowed. */
static inline void memory_load(const uint8_t *data, size_t left, struct fake_remote *fake,
			       struct maps *maps)
{
	uint8_t count = 0;

	*maps = (struct maps){.has_program = true, .named = true};
	fake_remote_init(fake);
	memory_take(&data, &left, &count, 1);
	for (int i = 0; i < count % (MAPS_IMAGES + 1); i++)
		memory_take(&data, &left, &maps->images[maps->count++], 8);
	while (left > 12) {
		uint64_t address = 0;
		uint32_t size = 0;

		memory_take(&data, &left, &address, sizeof(address));
		memory_take(&data, &left, &size, sizeof(size));
		if (size > left)
			size = (uint32_t)left;
		fake_remote_add(fake, address, (unsigned char *)(uintptr_t)data, size);
		data += size;
		left -= size;
	}
}

#endif /* MEMORY_IMAGE_H */
