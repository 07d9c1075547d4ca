/* SPDX-License-Identifier: BSD-2-Clause */
/* Microseconds, and waiting for some. */
#ifndef ATTACH_CLOCK_H
#define ATTACH_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline void clock_sleep(long usec)
{
	struct timespec time = {usec / 1000000, usec % 1000000 * 1000};

	nanosleep(&time, NULL);
}

#endif /* ATTACH_CLOCK_H */
