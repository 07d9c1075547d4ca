/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes that are known, in the order of their ids. */
#ifndef ANNOUNCE_TABLE_H
#define ANNOUNCE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "layout/layout_words.h"
#include "look.h"
#include "proc.h"

struct process {
	pid_t pid;
	int pidfd;       /* owned; by it the end is known, and that the id is another's */
	bool is_decided; /* is_selected is */
	bool is_selected; /* it is asked for */
	int64_t decided;  /* when, in ms */

	/* From here on of the program that it runs. */
	bool is_checked; /* has_program and id are right, as far as records tell */
	bool has_program;
	struct program_id id;
	bool is_young;    /* its beginning has been told by the kernel */
	bool is_doubtful; /* found to be other once */
	bool is_other;    /* a Python that will not be known */
	bool is_empty;    /* no Python has been in it; code is how large its code is, 0 */
	unsigned int code;
	bool is_settled; /* not looked at again as long as it runs this program */
	bool has_words;  /* to be announced, be it by guess */
	struct layout_words words;
	int guesses_left;       /* to be announced before a look */
	int64_t due;            /* when to look again, in ms */
	unsigned int wait;      /* how long to wait after that, in ms */
	const char *why, *told; /* static: why not, NULL; and what of it has been said */
};

struct table {
	struct process *list;
	size_t count, size;
};

/* Returns: NULL where it is not there. Valid until the table changes. */
struct process *table_find(const struct table *table, pid_t pid);

/* Returns: the place of the first one behind @pid, or how many there are. */
size_t table_after(const struct table *table, pid_t pid);

/*
 * Returns: the one that is there, or a new one; NULL where the process has ended, or out
 * of memory or file descriptors. Valid until the table changes.
 */
struct process *table_add(struct table *table, pid_t pid);

/* Forget those that have ended. */
void table_forget_ended(struct table *table);

void table_free(struct table *table);

#endif /* ANNOUNCE_TABLE_H */
