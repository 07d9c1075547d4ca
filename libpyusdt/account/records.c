// SPDX-License-Identifier: BSD-2-Clause
/* This file is how a thread's table of records grows and shrinks. */
#include "account/records.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

/* Records made at once. They stay where they are for as long as the table. */
#define CHUNK_RECORDS 64

struct records_chunk {
	struct records_chunk *next;
	size_t used;
	struct record records[CHUNK_RECORDS];
};

bool records_init(struct records *records, bool contexts)
{
	memset(records, 0, sizeof(*records));
	records->contexts = contexts;
	records->mask = FIRST_CAPACITY - 1;
	records->slots = calloc(FIRST_CAPACITY, sizeof(*records->slots));
	return records->slots;
}

void records_clear(struct records *records)
{
	while (records->chunks) {
		struct records_chunk *chunk = records->chunks;

		records->chunks = chunk->next;
		free(chunk);
	}
	free(records->slots);
	memset(records, 0, sizeof(*records));
}

/* There is a free slot. */
static void put(struct records *records, struct record *record)
{
	uintptr_t key = records_key(records, record->code, record->parent);
	size_t i = records_hash(key) & records->mask;

	while (records->slots[i].key > RECORDS_DELETED)
		i = (i + 1) & records->mask;
	records->used += records->slots[i].key == RECORDS_FREE;
	records->slots[i] = (struct records_slot){key, record};
}

static size_t count(const struct records *records)
{
	size_t found = 0;

	for (size_t i = 0; i <= records->mask; i++)
		found += records->slots[i].key > RECORDS_DELETED;
	return found;
}

/* Make room for one more: at most a third of the slots is used. */
static bool make_room(struct records *records)
{
	struct records_slot *before = records->slots, *slots;
	size_t mask = records->mask, capacity = mask + 1;

	if ((records->used + 1) * 3 <= capacity)
		return true;
	/* What is deleted goes, and may be room enough. */
	if ((count(records) + 1) * 6 > capacity)
		capacity *= 2;
	slots = calloc(capacity, sizeof(*slots));
	if (!slots)
		return false;
	records->slots = slots;
	records->mask = capacity - 1;
	records->used = 0;
	for (size_t i = 0; i <= mask; i++)
		if (before[i].key > RECORDS_DELETED)
			put(records, before[i].record);
	free(before);
	return true;
}

/* Returns: a record, whatever it has; NULL where memory ran out. */
static struct record *make_record(struct records *records)
{
	struct records_chunk *chunk = records->chunks;
	struct record *record = records->unused;

	if (record) {
		records->unused = record->next;
		return record;
	}
	if (!chunk || chunk->used == CHUNK_RECORDS) {
		chunk = calloc(1, sizeof(*chunk));
		if (!chunk)
			return NULL;
		chunk->next = records->chunks;
		records->chunks = chunk;
	}
	return &chunk->records[chunk->used++];
}

struct record *records_add(struct records *records, const void *code,
			   struct record *parent)
{
	struct record *record = make_room(records) ? make_record(records) : NULL;

	if (!record)
		return NULL;
	memset(record, 0, sizeof(*record));
	record->code = code;
	record->home = records;
	record->thread = (uintptr_t)__builtin_thread_pointer();
	record->parent = records->contexts ? parent : NULL;
	put(records, record);
	return record;
}

void records_remove(struct record *record, bool reuse)
{
	struct records *records = record->home;
	uintptr_t key = records_key(records, record->code, record->parent);
	size_t i = records_hash(key) & records->mask;

	while (records->slots[i].record != record || records->slots[i].key != key)
		i = (i + 1) & records->mask;
	records->slots[i] = (struct records_slot){RECORDS_DELETED, NULL};
	record->code = NULL;
	if (reuse && !records->contexts) {
		record->next = records->unused;
		records->unused = record;
	}
}

void records_visit(const struct records *records,
		   void (*visit)(struct record *record, void *context), void *context)
{
	for (struct records_chunk *chunk = records->chunks; chunk; chunk = chunk->next)
		for (size_t i = 0; i < chunk->used; i++)
			visit(&chunk->records[i], context);
}
