// SPDX-License-Identifier: BSD-2-Clause
/* A bucket from which one is taken each time, and that fills up again with time. */
#include "rate.h"

#define ONE 1000U

bool rate_take(struct rate *rate, int64_t now_msec, uint32_t per_second, uint32_t burst)
{
	uint64_t back = (uint64_t)(now_msec - rate->last_msec) * per_second;

	rate->used = back < rate->used ? rate->used - (uint32_t)back : 0;
	rate->last_msec = now_msec;
	if (rate->used + ONE > burst * ONE)
		return false;
	rate->used += ONE;
	return true;
}
