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

#include "account/record.h"
#include "code/codemeta.h"
#include "pyusdt_profile.h"

struct account;

struct account_node {
	struct account_node *next;  /* of the same account, as they were made */
	struct account_node **link; /* what points here */
	struct account *account;
	struct codemeta *meta;          /* of the function */
	struct account_node *same_code; /* the next of this function */
	struct account_node *parent;    /* of the caller; NULL: not told apart */
	struct account_node *children, *sibling;
	struct record *records;
	struct record gone; /* the sums of records that are no more */
	uint32_t index;     /* number in its account */
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

/*
 * What @record has becomes its node's own, of which it is none any more. Needs the lock
 * of telling.h, too, if the account is told.
 */
void record_detach(struct record *record);

/*
 * Let @record keep buckets, of what ends from now on; where memory runs out it has none.
 * With the GIL and the lock of telling.h, too, as the next.
 */
void record_add_buckets(struct record *record);

void record_drop_buckets(struct record *record);

/* Returns: the sums of @record as they are now. */
struct pyusdt_sums record_sums(const struct record *record);

/* Returns: the sums of @node. */
struct pyusdt_sums node_sums(const struct account_node *node);

/* Nothing was counted, and nothing told. As record_detach(). */
void node_zero(struct account_node *node);

/* Returns: @sums with times in nanoseconds. */
struct pyusdt_sums sums_in_ns(struct pyusdt_sums sums, double ns_per_tick);

#endif /* PYUSDT_ACCOUNT_SUMS_H */
