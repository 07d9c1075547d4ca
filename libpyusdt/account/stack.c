// SPDX-License-Identifier: BSD-2-Clause
/* This file is what happens to a shadow stack other than by one call and its return. */
#include "account/stack.h"

#include <stdlib.h>

#include "account/frames.h"

#define FIRST_DEPTH 64

bool stack_init(struct stack *stack, struct record *unknown)
{
	stack->base = malloc(FIRST_DEPTH * sizeof(*stack->base));
	stack->top = stack->base;
	if (!stack->base)
		return false;
	stack->end = stack->base + FIRST_DEPTH;
	*stack->base = (struct entry){NULL, unknown, 0};
	return true;
}

void stack_free(struct stack *stack)
{
	free(stack->base);
	stack->base = stack->top = stack->end = NULL;
}

bool stack_grow(struct stack *stack)
{
	size_t depth = (size_t)(stack->end - stack->base) * 2;
	ptrdiff_t top = stack->top - stack->base;
	struct entry *base = realloc(stack->base, depth * sizeof(*base));

	if (!base)
		return false;
	stack->base = base;
	stack->top = base + top;
	stack->end = base + depth;
	return true;
}

/* Its record may be that of another function by now, where the first one is gone. */
static void deactivate(const struct entry *entry)
{
	if (entry->record->active)
		entry->record->active--;
}

void stack_drop(struct stack *stack, const struct entry *entry)
{
	for (; stack->top > entry; stack->top--)
		deactivate(stack->top);
}

bool entry_is_of(const struct entry *entry, const char *frame)
{
	return entry->frame == frame &&
	       (entry->record->is_c || entry->record->code == frames_code(frame));
}

struct entry *stack_find(const struct stack *stack, const char *frame)
{
	for (struct entry *entry = stack->top; entry > stack->base; entry--)
		if (entry_is_of(entry, frame))
			return entry;
	return NULL;
}

void stack_rest(const struct stack *stack)
{
	for (struct entry *entry = stack->base + 1; entry <= stack->top; entry++)
		deactivate(entry);
}

void stack_go_on(const struct stack *stack)
{
	for (struct entry *entry = stack->base + 1; entry <= stack->top; entry++)
		entry->record->active++;
}

void stack_restart(const struct stack *stack, uint64_t now)
{
	for (struct entry *entry = stack->base + 1; entry <= stack->top; entry++)
		entry->start = now;
}

void stack_end(struct stack *stack, uint64_t now)
{
	for (; stack->top > stack->base; stack->top--)
		if (stack->top->record->active)
			record_end(stack->top->record, now - stack->top->start);
}
