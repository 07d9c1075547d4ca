/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This table finds the record of a function, or of a function and the record of its
 * caller. Each thread has its own, which it alone uses while it runs; others may with the
 * GIL and the lock of sums.h.
 */
#ifndef PYUSDT_ACCOUNT_RECORDS_H
#define PYUSDT_ACCOUNT_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/sums.h"

struct records_slot {
	uintptr_t key; /* see below; RECORDS_FREE, RECORDS_DELETED */
	struct record *record;
};

#define RECORDS_FREE    0
#define RECORDS_DELETED 1

struct records_chunk;

struct records {
	struct records_slot *slots;   /* NULL: nothing is in it, and nothing fits */
	size_t mask;                  /* slots - 1: a power of two - 1 */
	size_t used;                  /* not free, those deleted included */
	bool contexts;                /* callers are told apart */
	struct records_chunk *chunks; /* of records */
	struct record *unused;        /* records of functions that are gone */
};

/* Returns: false where memory ran out. */
bool records_init(struct records *records, bool contexts);

/* Free all; the records have been detached. It is as after a records_init() that failed.
 */
void records_clear(struct records *records);

/*
 * An address has its lowest bits clear: no pair is taken for a free or deleted slot. Two
 * pairs may have the same key, so that what is found is compared.
 */
static inline uintptr_t records_key(const struct records *records, const void *code,
				    const struct record *parent)
{
	uintptr_t key = (uintptr_t)code;

	if (records->contexts)
		key = (key + (uintptr_t)parent * UINT64_C(0x9e3779b97f4a7c15)) | 2;
	return key;
}

static inline size_t records_hash(uintptr_t key)
{
	return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static inline bool records_is_same(const struct records *records,
				   const struct record *record, const void *code,
				   const struct record *parent)
{
	return !records->contexts || (record->code == code && record->parent == parent);
}

/* @parent: not looked at unless contexts are kept apart. Returns: NULL: there is none. */
static inline struct record *records_find(const struct records *records, const void *code,
					  const struct record *parent)
{
	uintptr_t key = records_key(records, code, parent);

	for (size_t i = records_hash(key) & records->mask;; i = (i + 1) & records->mask) {
		const struct records_slot *slot = &records->slots[i];

		if (__builtin_expect(slot->key == key, 1) &&
		    records_is_same(records, slot->record, code, parent))
			return slot->record;
		if (slot->key == RECORDS_FREE)
			return NULL;
	}
}

/*
 * Add a record of the calling thread for what records_find() does not find. With the
 * lock.
 *
 * Returns: the record, all zero but for its code and parent, not attached yet; NULL where
 * memory ran out.
 */
struct record *records_add(struct records *records, const void *code,
			   struct record *parent);

/*
 * @record, which is detached, is not found any more. @reuse: it may be that of another
 * function from now on, unless contexts are kept apart, where it may be a parent. With
 * the lock.
 */
void records_remove(struct record *record, bool reuse);

/* Call @visit for each record there is, found or not. */
void records_visit(const struct records *records,
		   void (*visit)(struct record *record, void *context), void *context);

#endif /* PYUSDT_ACCOUNT_RECORDS_H */
