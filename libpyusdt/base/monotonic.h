/* SPDX-License-Identifier: BSD-2-Clause */
/* This is a clock for intervals, which nobody sets. */
#ifndef PYUSDT_MONOTONIC_H
#define PYUSDT_MONOTONIC_H

#include <stdint.h>
#include <time.h>

static inline int64_t monotonic_msec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif /* PYUSDT_MONOTONIC_H */
