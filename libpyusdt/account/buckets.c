// SPDX-License-Identifier: BSD-2-Clause
/* This file has what of histograms is not done with each event. */
#include "account/buckets.h"

#include "account/clock.h"

uint64_t buckets_scale;

void buckets_prepare(void)
{
	double us_per_tick = clock_ns_per_tick() / 1000;

	__atomic_store_n(&buckets_scale,
			 (uint64_t)(us_per_tick * (double)(UINT64_C(1) << BUCKETS_SHIFT)),
			 __ATOMIC_RELAXED);
}

void buckets_join(struct buckets *to, const struct buckets *from)
{
	for (int i = 0; i < BUCKETS; i++) {
		to->now[i] += from->now[i];
		to->told[i] += from->told[i];
	}
}
