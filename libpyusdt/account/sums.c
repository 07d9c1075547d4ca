// SPDX-License-Identifier: BSD-2-Clause
/* This file adds up the sums of threads, those that run and those that have ended. */
#include "account/sums.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "account/buckets.h"
#include "account/rows.h"
#include "account/state.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void sums_lock(void)
{
	pthread_mutex_lock(&lock);
}

void sums_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static bool is_told(const struct account_node *node)
{
	return node->account->kind == ACCOUNT_TOLD;
}

void record_attach(struct record *record, struct account_node *node)
{
	record->node = node;
	record->next = node->records;
	record->link = &node->records;
	if (record->next)
		record->next->link = &record->next;
	node->records = record;
	if (is_told(node))
		rows_add(record, node->meta);
}

static uint64_t load(const uint64_t *sum)
{
	return __atomic_load_n(sum, __ATOMIC_RELAXED);
}

static void add(struct pyusdt_sums *to, const struct pyusdt_sums *sums)
{
	uint64_t max = load(&sums->max);

	to->calls += load(&sums->calls);
	to->own += load(&sums->own);
	to->total += load(&sums->total);
	to->resumes += load(&sums->resumes);
	to->exceptions += load(&sums->exceptions);
	if (max > to->max)
		to->max = max;
}

void record_add_buckets(struct record *record)
{
	record->buckets = calloc(1, sizeof(*record->buckets));
	record->has_buckets = record->buckets;
}

void record_drop_buckets(struct record *record)
{
	record->has_buckets = false;
	free(record->buckets);
	record->buckets = NULL;
}

static void move_buckets(struct record *to, struct record *from)
{
	if (!from->buckets)
		return;
	from->has_buckets = false;
	if (to->buckets) {
		buckets_join(to->buckets, from->buckets);
		free(from->buckets);
	} else {
		to->buckets = from->buckets;
	}
	from->buckets = NULL;
}

void record_detach(struct record *record)
{
	struct account_node *node = record->node;

	if (!node)
		return;
	/* A process that is killed between this and the next lines has told less. */
	rows_remove(record);
	add(&node->gone.sums, &record->sums);
	add(&node->gone.told, &record->told);
	move_buckets(&node->gone, record);
	if (is_told(node) && codemeta_visible(node->meta))
		rows_add(&node->gone, node->meta);
	*record->link = record->next;
	if (record->next)
		record->next->link = record->link;
	record->node = NULL;
}

struct pyusdt_sums record_sums(const struct record *record)
{
	struct pyusdt_sums sums = {0};

	add(&sums, &record->sums);
	return sums;
}

struct pyusdt_sums node_sums(const struct account_node *node)
{
	struct pyusdt_sums sums = node->gone.sums;

	for (const struct record *record = node->records; record; record = record->next)
		add(&sums, &record->sums);
	return sums;
}

static void zero(struct record *record)
{
	memset(&record->sums, 0, sizeof(record->sums));
	memset(&record->told, 0, sizeof(record->told));
	if (record->buckets)
		memset(record->buckets, 0, sizeof(*record->buckets));
}

void node_zero(struct account_node *node)
{
	zero(&node->gone);
	for (struct record *record = node->records; record; record = record->next)
		zero(record);
}

struct pyusdt_sums sums_in_ns(struct pyusdt_sums sums, double ns_per_tick)
{
	sums.own = (uint64_t)((double)sums.own * ns_per_tick);
	sums.total = (uint64_t)((double)sums.total * ns_per_tick);
	sums.max = (uint64_t)((double)sums.max * ns_per_tick);
	return sums;
}
