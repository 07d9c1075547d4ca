// SPDX-License-Identifier: BSD-2-Clause
#include "memory.h"

#include <sys/uio.h>
#include <unistd.h>

bool memory_read(void *to, const void *from, size_t size)
{
	struct iovec local = {to, size};
	struct iovec remote = {(void *)from, size};

	/* The kernel reports a bad address where we would die of it. */
	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}
