/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long the activations of a record took, as a histogram: how many took less than a
 * microsecond, and how many from each power of two to the next. Kept only where a tracer
 * asks for it, by PROFILE_BUCKET.
 */
#ifndef PYUSDT_ACCOUNT_BUCKETS_H
#define PYUSDT_ACCOUNT_BUCKETS_H

#include <stdint.h>

/* The last one is from three days on. */
#define BUCKETS 40

struct buckets {
	uint32_t now[BUCKETS];  /* atomic; written by the record's owner only */
	uint32_t told[BUCKETS]; /* to tracers; with the lock of telling.h */
};

#define BUCKETS_SHIFT 54

/* Microseconds in a tick, times 2^BUCKETS_SHIFT. Written by buckets_prepare(). */
extern uint64_t buckets_scale;

/* Before the first buckets_add(), and after clock_prepare(). */
void buckets_prepare(void);

/* Returns: in which bucket so many microseconds are. */
static inline unsigned int buckets_find(uint64_t us)
{
	unsigned int i = us ? 64u - (unsigned int)__builtin_clzll(us) : 0;

	return i < BUCKETS ? i : BUCKETS - 1;
}

/* Returns: the least microseconds that are in a bucket. */
static inline uint64_t buckets_low(unsigned int bucket)
{
	return bucket ? UINT64_C(1) << (bucket - 1) : 0;
}

/* By the owner of the record: an activation has taken @ticks. */
static inline void buckets_add(struct buckets *buckets, uint64_t ticks)
{
	uint64_t scale = __atomic_load_n(&buckets_scale, __ATOMIC_RELAXED);
	unsigned __int128 us = (unsigned __int128)ticks * scale >> BUCKETS_SHIFT;
	uint32_t *hits = &buckets->now[buckets_find((uint64_t)us)];

	__atomic_store_n(hits, *hits + 1, __ATOMIC_RELAXED);
}

/* Add to @to all that is in @from, also what of it was told. */
void buckets_join(struct buckets *to, const struct buckets *from);

#endif /* PYUSDT_ACCOUNT_BUCKETS_H */
