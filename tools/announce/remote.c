// SPDX-License-Identifier: BSD-2-Clause
/* Memory of another process, read by process_vm_readv: it is neither stopped nor told. */
#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#define PAGE_SIZE 4096

/* The longest text that is compared, and its end. */
#define MAX_TEXT 64

static bool read_process(struct remote *remote, uint64_t address, void *to, size_t size)
{
	const struct remote_process *process = (const struct remote_process *)remote;
	struct iovec here = {to, size};
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): nobody but the kernel follows it. */
	struct iovec there = {(void *)(uintptr_t)address, size};
	ssize_t got = process_vm_readv(process->pid, &here, 1, &there, 1, 0);

	if (got >= 0 && (size_t)got < size)
		errno = EFAULT;
	return got >= 0 && (size_t)got == size;
}

static int open_program(struct remote *remote)
{
	const struct remote_process *process = (const struct remote_process *)remote;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", process->pid);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

static const struct remote_ops process_ops = {read_process, open_program};

void remote_process_open(struct remote_process *process, pid_t pid)
{
	*process = (struct remote_process){{&process_ops, REMOTE_READS, 0}, pid};
}

bool remote_read(struct remote *remote, uint64_t address, void *to, size_t size)
{
	if (!remote->reads_left || address + size < address) {
		remote->error = EFAULT;
		return false;
	}
	remote->reads_left--;
	if (remote->ops->read(remote, address, to, size))
		return true;
	remote->error = errno;
	return false;
}

size_t remote_read_some(struct remote *remote, uint64_t address, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		uint64_t at = address + done;
		size_t part = PAGE_SIZE - at % PAGE_SIZE;

		if (part > size - done)
			part = size - done;
		if (!remote_read(remote, at, (char *)to + done, part))
			break;
		done += part;
	}
	return done;
}

uint64_t remote_word(struct remote *remote, uint64_t address)
{
	uint64_t word;

	return remote_read(remote, address, &word, sizeof(word)) ? word : 0;
}

bool remote_is_text(struct remote *remote, uint64_t address, const char *text)
{
	char there[MAX_TEXT];
	size_t size = strlen(text) + 1;

	return size <= sizeof(there) && remote_read(remote, address, there, size) &&
	       !memcmp(there, text, size);
}
