// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file is the hash table by a Python object's address: how it grows, and how slots
 * are used again.
 */
#include "base/objtable.h"

#include <sched.h>
#include <stdlib.h>

#define FIRST_CAPACITY 64

static const char deleted; /* its address is no object's */

#define DELETED ((const void *)&deleted)

/* Found empty by every look-up, full by whoever adds. */
static struct objslots none = {.mask = 0, .used = 1, .slot = {{NULL, NULL}}};

#ifdef Py_GIL_DISABLED
static void lock_init(struct objtable *table)
{
	pthread_mutex_init(&table->lock, NULL);
}

static void lock(struct objtable *table)
{
	pthread_mutex_lock(&table->lock);
}

static void unlock(struct objtable *table)
{
	pthread_mutex_unlock(&table->lock);
}

/* Wait until nobody looks into slots that the table no longer has: some nanoseconds. */
static void wait_for_readers(struct objtable *table)
{
	for (int i = 0; i < OBJTABLE_READERS; i++)
		while (__atomic_load_n(&table->readers[i].count, __ATOMIC_SEQ_CST))
			sched_yield();
}
#else
static void lock_init(struct objtable *table)
{
	(void)table;
}

static void lock(struct objtable *table)
{
	(void)table;
}

static void unlock(struct objtable *table)
{
	(void)table;
}

static void wait_for_readers(struct objtable *table)
{
	(void)table;
}
#endif

void objtable_init(struct objtable *table)
{
	table->slots = &none;
	table->count = 0;
	lock_init(table);
}

/* Callers of all that follows hold the table's lock. */

static bool is_object(const void *key)
{
	return key && key != DELETED;
}

/* @key is not in it, and there is room. */
static void insert(struct objslots *slots, const void *key, void *value)
{
	size_t i = objtable_hash(key) & slots->mask;

	while (is_object(slots->slot[i].key))
		i = (i + 1) & slots->mask;
	if (!slots->slot[i].key)
		slots->used++;
	slots->slot[i].value = value;
	__atomic_store_n(&slots->slot[i].key, key, __ATOMIC_RELEASE);
}

static bool is_full(const struct objslots *slots)
{
	return slots->used * 3 >= slots->mask + 1;
}

static void replace(struct objtable *table, struct objslots *slots)
{
	struct objslots *before = table->slots;

	__atomic_store_n(&table->slots, slots, __ATOMIC_SEQ_CST);
	if (before == &none)
		return;
	wait_for_readers(table);
	free(before);
}

/* Room for one more, without what was deleted. Returns: false where memory ran out. */
static bool make_room(struct objtable *table)
{
	size_t capacity = FIRST_CAPACITY;
	struct objslots *slots;

	/* A quarter full at most, so that this is not needed again soon. */
	while (table->count * 4 >= capacity)
		capacity *= 2;
	slots = calloc(1, sizeof(*slots) + capacity * sizeof(slots->slot[0]));
	if (!slots)
		return false;
	slots->mask = capacity - 1;
	for (size_t i = 0; i <= table->slots->mask; i++)
		if (is_object(table->slots->slot[i].key))
			insert(slots, table->slots->slot[i].key,
			       table->slots->slot[i].value);
	replace(table, slots);
	return true;
}

static void *add(struct objtable *table, const void *key, void *value)
{
	void *present = objslots_find(table->slots, key);

	if (present)
		return present;
	if (is_full(table->slots) && !make_room(table))
		return NULL;
	insert(table->slots, key, value);
	table->count++;
	return value;
}

void *objtable_add(struct objtable *table, const void *key, void *value)
{
	lock(table);
	value = add(table, key, value);
	unlock(table);
	return value;
}

static void take_out(struct objtable *table, const void *key)
{
	struct objslots *slots = table->slots;
	size_t i = objtable_hash(key) & slots->mask;

	for (; slots->slot[i].key; i = (i + 1) & slots->mask) {
		if (slots->slot[i].key != key)
			continue;
		__atomic_store_n(&slots->slot[i].key, DELETED, __ATOMIC_RELEASE);
		table->count--;
		return;
	}
}

void objtable_remove(struct objtable *table, const void *key)
{
	lock(table);
	take_out(table, key);
	unlock(table);
}

static int walk(const struct objslots *slots, int (*visit)(void *value, void *context),
		void *context)
{
	int result = 0;

	for (size_t i = 0; i <= slots->mask && !result; i++)
		if (is_object(slots->slot[i].key))
			result = visit(slots->slot[i].value, context);
	return result;
}

int objtable_walk(struct objtable *table, int (*visit)(void *value, void *context),
		  void *context)
{
	int result;

	lock(table);
	result = walk(table->slots, visit, context);
	unlock(table);
	return result;
}

void objtable_clear(struct objtable *table, void (*forget)(void *value))
{
	struct objslots *slots = table->slots;

	table->slots = &none;
	table->count = 0;
	if (slots == &none)
		return;
	for (size_t i = 0; i <= slots->mask; i++)
		if (is_object(slots->slot[i].key))
			forget(slots->slot[i].value);
	free(slots);
}
