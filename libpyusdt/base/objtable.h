/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This table keeps what we know of Python objects, by their address: code objects
 * compare by structure, so that equality would mix them up.
 *
 * It has open addressing. A look-up takes no lock, also where there is no GIL: a slot's
 * key never changes from one object to another while the first one lives, and whoever
 * looks one up holds it. Changes need the GIL of the table's interpreter, or where
 * there is none take the table's lock, which is held for moments in which Python is not
 * called.
 */
#ifndef PYUSDT_OBJTABLE_H
#define PYUSDT_OBJTABLE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef Py_GIL_DISABLED
#include <pthread.h>

/* How many look something up now, by thread, so that none share a cache line. */
#define OBJTABLE_READERS 64

struct objtable_readers {
	size_t count; /* atomic */
} __attribute__((aligned(64)));
#endif

struct objslot {
	const void *key; /* atomic; NULL: free; or the mark of one deleted */
	void *value;     /* owned by the table's owner; written before its key */
};

struct objslots {
	size_t mask; /* slots - 1: a power of two - 1 */
	size_t used; /* not free, those deleted included; at most one third */
	struct objslot slot[];
};

struct objtable {
	struct objslots *slots; /* atomic; never NULL */
	size_t count;           /* objects in it */
#ifdef Py_GIL_DISABLED
	pthread_mutex_t lock;
	struct objtable_readers readers[OBJTABLE_READERS];
#endif
};

void objtable_init(struct objtable *table);

/* Returns: the value of @key, a live object; NULL where it has none. */
static inline void *objtable_find(struct objtable *table, const void *key);

/*
 * Returns: @value; or where @key has a value already, that one; NULL, with nothing done,
 * where memory ran out.
 */
void *objtable_add(struct objtable *table, const void *key, void *value);

/* @key is about to go, or has gone: nobody looks it up any more. */
void objtable_remove(struct objtable *table, const void *key);

/*
 * Call @visit for each value. It must not add or remove any, nor let other threads run.
 *
 * Returns: 0, or what the first @visit returned that was not 0, with which it ends.
 */
int objtable_walk(struct objtable *table, int (*visit)(void *value, void *context),
		  void *context);

/* Call @forget for each value; the table is empty then, and can be used again. */
void objtable_clear(struct objtable *table, void (*forget)(void *value));

static inline size_t objtable_hash(const void *key)
{
	/* Fibonacci hashing: objects are 16 bytes apart or more, the high bits are good.
	 */
	return (size_t)(((uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static inline void *objslots_find(const struct objslots *slots, const void *key)
{
	size_t i = objtable_hash(key) & slots->mask;

	for (;; i = (i + 1) & slots->mask) {
		const struct objslot *slot = &slots->slot[i];
		const void *found = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);

		if (__builtin_expect(found == key, 1))
			return slot->value;
		if (!found)
			return NULL;
	}
}

#ifdef Py_GIL_DISABLED
static inline void *objtable_find(struct objtable *table, const void *key)
{
	size_t which = ((uintptr_t)__builtin_thread_pointer() >> 12) % OBJTABLE_READERS;
	size_t *readers = &table->readers[which].count;
	void *value;

	/* Counted before the slots are read: either who replaces them waits for us, or we
	 * read the new ones. */
	__atomic_add_fetch(readers, 1, __ATOMIC_SEQ_CST);
	value = objslots_find(__atomic_load_n(&table->slots, __ATOMIC_SEQ_CST), key);
	__atomic_sub_fetch(readers, 1, __ATOMIC_RELEASE);
	return value;
}
#else
static inline void *objtable_find(struct objtable *table, const void *key)
{
	return objslots_find(table->slots, key);
}
#endif

#endif /* PYUSDT_OBJTABLE_H */
