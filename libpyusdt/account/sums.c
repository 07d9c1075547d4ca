// SPDX-License-Identifier: BSD-2-Clause
/* This file adds up the sums of threads, those that run and those that have ended. */
#include "account/sums.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void sums_lock(void)
{
	pthread_mutex_lock(&lock);
}

void sums_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

void record_attach(struct record *record, struct account_node *node)
{
	record->node = node;
	record->next = node->records;
	record->link = &node->records;
	if (record->next)
		record->next->link = &record->next;
	node->records = record;
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

void record_detach(struct record *record)
{
	if (!record->node)
		return;
	add(&record->node->gone, &record->sums);
	*record->link = record->next;
	if (record->next)
		record->next->link = record->link;
	record->node = NULL;
}

struct pyusdt_sums node_sums(const struct account_node *node)
{
	struct pyusdt_sums sums = node->gone;

	for (const struct record *record = node->records; record; record = record->next)
		add(&sums, &record->sums);
	return sums;
}

struct pyusdt_sums node_take(struct account_node *node, bool *any)
{
	struct pyusdt_sums now = node_sums(node), before = node->told;

	node->told = now;
	*any = memcmp(&now, &before, sizeof(now)) != 0;
	now.calls -= before.calls;
	now.own -= before.own;
	now.total -= before.total;
	now.resumes -= before.resumes;
	now.exceptions -= before.exceptions;
	return now;
}

void node_zero(struct account_node *node)
{
	memset(&node->gone, 0, sizeof(node->gone));
	memset(&node->told, 0, sizeof(node->told));
	for (struct record *record = node->records; record; record = record->next)
		memset(&record->sums, 0, sizeof(record->sums));
}

struct pyusdt_sums sums_in_ns(struct pyusdt_sums sums, double ns_per_tick)
{
	sums.own = (uint64_t)((double)sums.own * ns_per_tick);
	sums.total = (uint64_t)((double)sums.total * ns_per_tick);
	sums.max = (uint64_t)((double)sums.max * ns_per_tick);
	return sums;
}
