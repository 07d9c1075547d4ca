/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record has the sums of a function in one thread; see sums.h. It begins as a row does
 * which tracers may read, struct pyusdt_profile_row.
 */
#ifndef PYUSDT_ACCOUNT_RECORD_H
#define PYUSDT_ACCOUNT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "pyusdt_profile.h"

struct account_node;
struct buckets;
struct records;

struct record {
	struct pyusdt_sums sums; /* atomic; written by the owner only */
	uint32_t active;         /* how often it is on the stack that runs */
	bool is_c;               /* of a function of C */
	bool ends_process;       /* after this function there may be no other event */
	bool has_buckets;
	const void *code; /* what the function is known by; NULL: it is gone */

	/* With the lock. Of @told the lock of telling.h, too. */
	struct pyusdt_sums told; /* to tracers */
	uint64_t thread; /* the thread pointer of the owner; 0: of threads that ended */
	uint64_t filename_length;
	const char *qualname; /* borrowed, as the file name */
	const char *filename;
	uint64_t line;
	struct record *next_row;
	struct record **row_link; /* what points here; NULL: it is in no table */

	struct record *parent;     /* the caller's, where contexts are kept apart */
	struct records *home;      /* that it is in */
	struct account_node *node; /* NULL: gone */
	struct record *next;       /* of the same node */
	struct record **link;      /* what points here */
	struct buckets *buckets;   /* owned; NULL: it has none */
};

#endif /* PYUSDT_ACCOUNT_RECORD_H */
