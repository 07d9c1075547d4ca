/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is counted is kept twice. A record has the sums of one thread, which alone writes
 * them, at no lock. A node is what a record is of: a function, or one in the context in
 * which it is called; it knows the records of all threads and has the sums of those that
 * are no more. The sums of a node are in ticks, as those of a record.
 */
#ifndef PYUSDT_ACCOUNT_SUMS_H
#define PYUSDT_ACCOUNT_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "code/codemeta.h"
#include "pyusdt_profile.h"

struct account;
struct records;

struct record {
	struct pyusdt_sums sums; /* atomic; written by the owner only */
	uint32_t active;         /* how often it is on the stack that runs */
	bool is_c;               /* of a function of C */
	bool ends_process;       /* after this function there may be no other event */
	const void *code;        /* what the function is known by; NULL: it is gone */
	struct record *parent;   /* the caller's, where contexts are kept apart */
	struct records *home;    /* that it is in */

	/* With the lock. */
	struct account_node *node; /* NULL: gone */
	struct record *next;       /* of the same node */
	struct record **link;      /* what points here */
};

struct account_node {
	struct account_node *next;  /* of the same account, as they were made */
	struct account_node **link; /* what points here */
	struct account *account;
	struct codemeta *meta;          /* of the function */
	struct account_node *same_code; /* the next of this function */
	struct account_node *parent;    /* of the caller; NULL: not told apart */
	struct account_node *children, *sibling;
	struct record *records;
	struct pyusdt_sums gone; /* of records that are no more */
	struct pyusdt_sums told; /* to tracers, of those and of records */
	uint32_t index;          /* number in its account */
};

/* Whoever looks at nodes has it; nothing is waited for with it. */
void sums_lock(void);
void sums_unlock(void);

/* By the owner of the record that @sum is in. */
static inline void sums_add(uint64_t *sum, uint64_t number)
{
	__atomic_store_n(sum, *sum + number, __ATOMIC_RELAXED);
}

/* The rest needs the lock. */

/* Let @record be one of @node, all zero. */
void record_attach(struct record *record, struct account_node *node);

/* What @record has becomes its node's own, of which it is none any more. */
void record_detach(struct record *record);

/* Returns: the sums of @node. */
struct pyusdt_sums node_sums(const struct account_node *node);

/*
 * Returns: what has been added to @node since the last call, with the longest of all.
 * Whether that is anything is in @any.
 */
struct pyusdt_sums node_take(struct account_node *node, bool *any);

/* Let the sums of @node, and of all records of it, be zero. No owner is at work. */
void node_zero(struct account_node *node);

/* Returns: @sums, in ticks, in nanoseconds. */
struct pyusdt_sums sums_in_ns(struct pyusdt_sums sums, double ns_per_tick);

#endif /* PYUSDT_ACCOUNT_SUMS_H */
