/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This is the shadow stack: which functions are active, from the outermost that is known
 * to the innermost. Below them is an entry for all that is not known, so that there
 * always is a top.
 */
#ifndef PYUSDT_ACCOUNT_STACK_H
#define PYUSDT_ACCOUNT_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/buckets.h"
#include "account/sums.h"

struct entry {
	const char
		*frame; /* of CPython; of a function of C its caller's; NULL: unknown */
	struct record *record;
	uint64_t start; /* in ticks */
};

struct stack {
	struct entry *top, *base, *end; /* the innermost, the unknown, behind the last */
};

/* @unknown: the record of what is not known. Returns: false where memory ran out. */
bool stack_init(struct stack *stack, struct record *unknown);

/* Free what stack_init() took; also after it failed. */
void stack_free(struct stack *stack);

/* Forget all but what is unknown. */
static inline void stack_reset(struct stack *stack)
{
	stack->top = stack->base;
}

static inline bool stack_is_empty(const struct stack *stack)
{
	return stack->top == stack->base;
}

/* Make room for one more entry. Returns: false where memory ran out. */
bool stack_grow(struct stack *stack);

/* Forget what is above @entry: how it ended is not known. */
void stack_drop(struct stack *stack, const struct entry *entry);

/*
 * Does @entry have the code that @frame runs? Where an event was lost the frame of
 * another function may be at the same address.
 */
bool entry_is_of(const struct entry *entry, const char *frame);

/* Returns: the innermost entry of @frame, NULL where there is none. */
struct entry *stack_find(const struct stack *stack, const char *frame);

/*
 * The stack rests, and then goes on. While it rests its activations take time as before,
 * but one of the same function on another stack is no recursion.
 */
void stack_rest(const struct stack *stack);
void stack_go_on(const struct stack *stack);

/* All activations begin @now. */
void stack_restart(const struct stack *stack, uint64_t now);

/* All activations end @now, and what is above the unknown is forgotten. */
void stack_end(struct stack *stack, uint64_t now);

/* An activation of @record has taken @ticks. */
static inline void record_end(struct record *record, uint64_t ticks)
{
	if (record->active > 1) {
		record->active--;
	} else {
		record->active = 0;
		sums_add(&record->sums.total, ticks);
	}
	if (ticks > record->sums.max)
		__atomic_store_n(&record->sums.max, ticks, __ATOMIC_RELAXED);
	if (__builtin_expect(record->has_buckets, 0))
		buckets_add(record->buckets, ticks);
}

#endif /* PYUSDT_ACCOUNT_STACK_H */
