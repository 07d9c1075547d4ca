// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file hits PROFILE. The lock of sums.h is not held while the tracer's program runs:
 * the first call of a function would wait for it. Names stay where they are by the lock
 * of the list of code, which a walk lets go of now and then.
 */
#include "account/telling.h"

#include <pthread.h>
#include <string.h>

#include "account/buckets.h"
#include "account/clock.h"
#include "account/rows.h"
#include "account/state.h"
#include "code/codelist.h"
#include "probes/probes.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void telling_lock(void)
{
	pthread_mutex_lock(&lock);
}

void telling_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* For the walk that this thread is at: to measure it takes as long as a hit. */
static _Thread_local double ns_per_tick;

static void measure(void)
{
	ns_per_tick = clock_ns_per_tick();
	rows_set_scale(ns_per_tick);
}

void telling_table(void)
{
	if (!probe_watched(EVENT_PROFILE_TABLE))
		return;
	measure();
	probe_PROFILE_TABLE(rows_table());
}

/* Returns: what is in @now that was not in @before, with the longest of all. */
static struct pyusdt_sums difference(struct pyusdt_sums now,
				     const struct pyusdt_sums *before)
{
	now.calls -= before->calls;
	now.own -= before->own;
	now.total -= before->total;
	now.resumes -= before->resumes;
	now.exceptions -= before->exceptions;
	return now;
}

static void tell_sums(const struct codemeta *meta, struct record *record)
{
	struct pyusdt_sums now, untold;

	now = record_sums(record);
	if (!memcmp(&now, &record->told, sizeof(now)))
		return;
	untold = sums_in_ns(difference(now, &record->told), ns_per_tick);
	rows_begin_telling(record, &now);
	probe_PROFILE(meta, &untold);
	sums_lock();
	rows_told(record);
	sums_unlock();
}

static void tell_buckets(const struct codemeta *meta, struct buckets *buckets)
{
	for (unsigned int i = 0; i < BUCKETS; i++) {
		uint32_t now = __atomic_load_n(&buckets->now[i], __ATOMIC_RELAXED);
		uint32_t untold = now - buckets->told[i];

		if (!untold)
			continue;
		buckets->told[i] = now;
		probe_PROFILE_BUCKET(meta, buckets_low(i), untold);
	}
}

static void tell_record(const struct codemeta *meta, struct record *record)
{
	tell_sums(meta, record);
	if (record->buckets && probe_watched(EVENT_PROFILE_BUCKET))
		tell_buckets(meta, record->buckets);
}

/* With the lock. New ones may come to @node meanwhile, but none is taken from it. */
static void tell_records(struct account_node *node)
{
	struct record *record;

	tell_record(node->meta, &node->gone);
	sums_lock();
	record = node->records;
	sums_unlock();
	for (; record; record = record->next)
		tell_record(node->meta, record);
}

void telling_node(struct account_node *node)
{
	if (!codemeta_visible(node->meta) || !probe_watched(EVENT_PROFILE))
		return;
	measure();
	tell_records(node);
}

static void tell(struct codelink *link)
{
	const struct codemeta *meta = (const struct codemeta *)link;
	struct account_node *node;

	/* What is hidden may be told when it is not any more. */
	if (!codemeta_visible(meta))
		return;
	telling_lock();
	sums_lock();
	node = meta->nodes[ACCOUNT_TOLD];
	sums_unlock();
	if (node)
		tell_records(node);
	telling_unlock();
}

void telling_all(void)
{
	if (!probe_watched(EVENT_PROFILE))
		return;
	measure();
	codelist_walk(tell);
}
