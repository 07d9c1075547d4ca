// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file has the kernel copy memory of this process, since it reports a wrong address
 * where a plain read would end the program.
 */
#include "base/safe_read.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

bool safe_read(void *to, const void *base, int64_t offset, size_t size)
{
	uintptr_t from = (uintptr_t)base + (uintptr_t)offset;
	struct iovec local = {to, size};
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): nobody but the kernel follows it. */
	struct iovec remote = {(void *)from, size};

	/* The kernel reports a bad address where we would die of it. */
	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

const char *safe_read_refusal(void)
{
	char from = 0, to = 0;

	if (safe_read(&to, &from, 0, sizeof(to)))
		return NULL;
	switch (errno) {
	case EPERM:
		return "process_vm_readv: Operation not permitted: a seccomp filter, "
		       "of a container perhaps, refuses it";
	case ENOSYS:
		return "process_vm_readv: Function not implemented: this kernel, or what "
		       "stands for one, does not have it";
	}
	return "process_vm_readv, by which frames are looked for, is refused";
}
