// SPDX-License-Identifier: BSD-2-Clause
/* Ranges of bytes at addresses, the last that was added first. */
#include "fake_remote.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Returns: where the byte at @address is, and how many follow it; NULL: nowhere. */
static unsigned char *find(const struct fake_remote *fake, uint64_t address, size_t *left)
{
	for (int i = fake->count - 1; i >= 0; i--) {
		const struct fake_range *range = &fake->ranges[i];

		if (address - range->address < range->size) {
			*left = range->size - (size_t)(address - range->address);
			return range->bytes + (address - range->address);
		}
	}
	return NULL;
}

static bool read_fake(struct remote *remote, uint64_t address, void *to, size_t size)
{
	struct fake_remote *fake = (struct fake_remote *)remote;

	if (fake->before_read)
		fake->before_read(fake, address);
	while (size) {
		size_t left;
		const unsigned char *from = find(fake, address, &left);

		if (!from) {
			errno = fake->error;
			return false;
		}
		if (left > size)
			left = size;
		memcpy(to, from, left);
		to = (char *)to + left;
		address += left;
		size -= left;
	}
	fake->reads++;
	return true;
}

static int open_program(struct remote *remote)
{
	const struct fake_remote *fake = (const struct fake_remote *)remote;

	return fake->program < 0 ? -1 : dup(fake->program);
}

static const struct remote_ops fake_ops = {read_fake, open_program};

void fake_remote_init(struct fake_remote *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->remote = (struct remote){&fake_ops, REMOTE_READS, 0};
	fake->program = -1;
	fake->error = EFAULT;
}

void fake_remote_add(struct fake_remote *fake, uint64_t address, void *bytes, size_t size)
{
	if (fake->count < FAKE_RANGES)
		fake->ranges[fake->count++] = (struct fake_range){address, size, bytes};
}
