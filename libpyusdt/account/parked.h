/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel thread may have several Python stacks, of which one runs: greenlets. The
 * shadow stacks of the others are parked here, and found by the frame that each has on
 * top, which is that from which it will go on.
 */
#ifndef PYUSDT_ACCOUNT_PARKED_H
#define PYUSDT_ACCOUNT_PARKED_H

#include <stdbool.h>
#include <stddef.h>

#include "account/stack.h"

struct parked_stack {
	struct parked_stack *next;
	struct stack stack;
};

/* All zero: there is none. */
struct parked {
	struct parked_stack **buckets;
	size_t mask; /* buckets - 1: a power of two - 1 */
	size_t count;
};

/*
 * Park @stack, which is not empty, and is owned from now on.
 *
 * Returns: false, with nothing done, where there is no room for it.
 */
bool parked_put(struct parked *parked, const struct stack *stack);

/*
 * Find the stack that has @frame on top, and take it out.
 *
 * Returns: false where there is none.
 */
bool parked_take(struct parked *parked, const char *frame, struct stack *stack);

/* Call @visit for each. */
void parked_visit(const struct parked *parked,
		  void (*visit)(struct parked_stack *stack, void *context),
		  void *context);

/* Forget all. */
void parked_clear(struct parked *parked);

#endif /* PYUSDT_ACCOUNT_PARKED_H */
