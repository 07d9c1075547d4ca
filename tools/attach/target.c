// SPDX-License-Identifier: BSD-2-Clause
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* What Yama allows: 0, what the kernel does by itself, or where there is no Yama. */
static int ptrace_scope(void)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = 0;

	if (file) {
		if (fscanf(file, "%d", &scope) != 1)
			scope = 0;
		fclose(file);
	}
	return scope;
}

static const char *why_not_permitted(const struct target *target)
{
	static char text[128];

	if (target->status.uid != geteuid() && geteuid() != 0) {
		snprintf(text, sizeof(text), "it belongs to user %u: run this as root",
			 (unsigned int)target->status.uid);
		return text;
	}
	switch (ptrace_scope()) {
	case 1:
	case 2:
		return "kernel.yama.ptrace_scope allows this to root only";
	case 3:
		return "kernel.yama.ptrace_scope is 3: nobody may attach to a process";
	}
	return geteuid() == 0 ? "the kernel or a sandbox does not permit it"
			      : "it has more rights than who runs this: run this as root";
}

static const char *reason(const struct target *target, int error)
{
	static char text[128];

	switch (error) {
	case EPERM:
	case EACCES:
		return why_not_permitted(target);
	case ENOENT:
	case ESRCH:
		return "there is no such process";
	}
	snprintf(text, sizeof(text), "cannot look at it: %s", strerror(error));
	return text;
}

FILE *target_file(const struct target *target, const char *name)
{
	int fd = openat(target->proc, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

ssize_t target_read_file(const struct target *target, const char *name, char *to,
			 size_t size)
{
	FILE *file = target_file(target, name);
	size_t got;

	if (!file)
		return -1;
	got = fread(to, 1, size, file);
	to[got] = 0;
	fclose(file);
	return (ssize_t)got;
}

/* Returns: 0, or a negative errno. */
static int look_at_status(struct target *target)
{
	FILE *file = target_file(target, "status");
	bool known;

	if (!file)
		return -errno;
	known = status_read(file, &target->status);
	fclose(file);
	return known ? 0 : -ESRCH;
}

static int look_at_mappings(struct target *target)
{
	FILE *file = target_file(target, "maps");
	int error;

	if (!file)
		return -errno;
	mappings_free(&target->mappings);
	error = mappings_read(file, &target->mappings);
	fclose(file);
	return error;
}

const char *target_look(struct target *target)
{
	int error = look_at_status(target);
	const char *why;

	if (error)
		return reason(target, -error);
	why = status_refusal(&target->status, target->pid);
	if (why)
		return why;
	error = look_at_mappings(target);
	if (error)
		return reason(target, -error);
	return target->mappings.count ? NULL : "this is a thread of the kernel";
}

const char *target_open(struct target *target, pid_t pid)
{
	char path[32];
	const char *why;

	*target = (struct target){.pid = pid, .proc = -1, .root = -1};
	remote_process_open(&target->memory, pid);
	snprintf(path, sizeof(path), "/proc/%d", pid);
	target->proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target->proc < 0)
		return reason(target, errno);
	why = target_look(target);
	if (why)
		return why;
	target->root = openat(target->proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return target->root < 0 ? reason(target, errno) : NULL;
}

void target_close(struct target *target)
{
	mappings_free(&target->mappings);
	if (target->root >= 0)
		close(target->root);
	if (target->proc >= 0)
		close(target->proc);
}

/* Of a process that has ended /proc/PID has no files, even if another has the number. */
bool target_alive(const struct target *target)
{
	return faccessat(target->proc, "maps", F_OK, 0) == 0;
}

struct remote *target_memory(struct target *target)
{
	target->memory.remote.reads_left = REMOTE_READS;
	return &target->memory.remote;
}

bool target_write(const struct target *target, uint64_t address, const void *from,
		  size_t size)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): it is only read. */
	struct iovec here = {(void *)(uintptr_t)from, size};
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): nobody but the kernel follows it. */
	struct iovec there = {(void *)(uintptr_t)address, size};

	return process_vm_writev(target->pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}
