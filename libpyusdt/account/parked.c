// SPDX-License-Identifier: BSD-2-Clause
/* This file is the hash table of the stacks that are parked, by their top. */
#include "account/parked.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 16

/* More are not known: a stack whose last event was lost stays here for ever. */
#define STACKS_MAX ((size_t)1 << 20)

static size_t hash(const char *frame)
{
	return (size_t)(((uintptr_t)frame * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static void link_in(struct parked *parked, struct parked_stack *stack)
{
	struct parked_stack **bucket =
		&parked->buckets[hash(stack->stack.top->frame) & parked->mask];

	stack->next = *bucket;
	*bucket = stack;
}

static bool grow(struct parked *parked)
{
	struct parked before = *parked;
	size_t count = before.buckets ? (before.mask + 1) * 2 : FIRST_BUCKETS;

	if (before.buckets && before.count <= before.mask)
		return true;
	parked->buckets = calloc(count, sizeof(struct parked_stack *));
	if (!parked->buckets) {
		parked->buckets = before.buckets;
		return before.buckets;
	}
	parked->mask = count - 1;
	for (size_t i = 0; before.buckets && i <= before.mask; i++) {
		struct parked_stack *next;

		for (struct parked_stack *at = before.buckets[i]; at; at = next) {
			next = at->next;
			link_in(parked, at);
		}
	}
	free(before.buckets);
	return true;
}

bool parked_put(struct parked *parked, const struct stack *stack)
{
	struct parked_stack *new;

	if (parked->count == STACKS_MAX || !grow(parked))
		return false;
	new = malloc(sizeof(*new));
	if (!new)
		return false;
	new->stack = *stack;
	link_in(parked, new);
	parked->count++;
	return true;
}

bool parked_take(struct parked *parked, const char *frame, struct stack *stack)
{
	struct parked_stack **at;
	struct parked_stack *found;

	if (!parked->count)
		return false;
	at = &parked->buckets[hash(frame) & parked->mask];
	while (*at && !entry_is_of((*at)->stack.top, frame))
		at = &(*at)->next;
	found = *at;
	if (!found)
		return false;
	*at = found->next;
	*stack = found->stack;
	free(found);
	parked->count--;
	return true;
}

void parked_visit(const struct parked *parked,
		  void (*visit)(struct parked_stack *stack, void *context), void *context)
{
	for (size_t i = 0; parked->buckets && i <= parked->mask; i++)
		for (struct parked_stack *at = parked->buckets[i]; at; at = at->next)
			visit(at, context);
}

void parked_clear(struct parked *parked)
{
	for (size_t i = 0; parked->buckets && i <= parked->mask; i++) {
		while (parked->buckets[i]) {
			struct parked_stack *stack = parked->buckets[i];

			parked->buckets[i] = stack->next;
			stack_free(&stack->stack);
			free(stack);
		}
	}
	free(parked->buckets);
	memset(parked, 0, sizeof(*parked));
}
