/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that is to load the library: held by descriptors, so that it stays the
 * same. */
#ifndef ATTACH_TARGET_H
#define ATTACH_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mappings.h"
#include "../announce/remote.h"
#include "status.h"

struct target {
	pid_t pid;
	int proc; /* /proc/PID */
	int root; /* its root folder */
	struct remote_process memory;
	struct status status;     /* as of target_look() */
	struct mappings mappings; /* as of target_look() */
};

/*
 * Returns: NULL, or why it cannot be; a static string, or one that is valid until the
 * next call. @target is to be closed in both cases.
 */
const char *target_open(struct target *target, pid_t pid);
void target_close(struct target *target);

/* Look at its status and mappings anew. Returns: as target_open(). */
const char *target_look(struct target *target);

/* Returns: whether it is there still. */
bool target_alive(const struct target *target);

/* To be read without that limit that guards against memory with circles: a new look. */
struct remote *target_memory(struct target *target);

/* Write to memory that it may write to itself. Returns: whether that was done. */
bool target_write(const struct target *target, uint64_t address, const void *from,
		  size_t size);

/* A file of /proc/PID. Returns: NULL with errno. */
FILE *target_file(const struct target *target, const char *name);

/* Up to @size bytes of it, and a NUL behind. Returns: how many, without the NUL; -1. */
ssize_t target_read_file(const struct target *target, const char *name, char *to,
			 size_t size);

#endif /* ATTACH_TARGET_H */
