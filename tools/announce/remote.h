/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of a process that may be hostile, and may change or end while it is read. */
#ifndef ANNOUNCE_REMOTE_H
#define ANNOUNCE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct remote;

/* Whose memory it is: that of a process, or, in tests, one that is made up. */
struct remote_ops {
	/* All of it, or false with errno. The range does not wrap around. */
	bool (*read)(struct remote *remote, uint64_t address, void *to, size_t size);
	/* The file that is the program, to be closed by the caller; or -1. */
	int (*open_program)(struct remote *remote);
};

/*
 * What is read may be a lie, pointers in a circle included. Each loop has its own bound;
 * that all of them together take bounded time is by @reads_left: when it is 0, nothing is
 * read any more.
 */
struct remote {
	const struct remote_ops *ops;
	unsigned int reads_left;
	int error; /* errno of the last read that failed, 0: none has */
};

/* Far more than an honest process needs; a few milliseconds. */
#define REMOTE_READS 20000

struct remote_process {
	struct remote remote;
	pid_t pid;
};

void remote_process_open(struct remote_process *process, pid_t pid);

/* Any address may be asked for. Returns: false where not all of it can be read. */
bool remote_read(struct remote *remote, uint64_t address, void *to, size_t size);

/* Up to @size bytes, as far as there are readable pages. Returns: how many. */
size_t remote_read_some(struct remote *remote, uint64_t address, void *to, size_t size);

/* Returns: the word there, or 0. */
uint64_t remote_word(struct remote *remote, uint64_t address);

/* Whether there is @text, with its end. */
bool remote_is_text(struct remote *remote, uint64_t address, const char *text);

#endif /* ANNOUNCE_REMOTE_H */
