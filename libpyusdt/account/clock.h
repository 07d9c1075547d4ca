/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This is the clock of accounts. It counts in ticks, which become nanoseconds only where
 * figures leave the library: those of the processor's own counter where the kernel keeps
 * time by that, too, which take a third of the time of clock_gettime(); else nanoseconds.
 */
#ifndef PYUSDT_ACCOUNT_CLOCK_H
#define PYUSDT_ACCOUNT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Before the first clock_now(). Any thread; the first call of the process does it. */
void clock_prepare(void);

/* Whether the processor's counter is what ticks. Written by clock_prepare(). */
extern bool clock_has_counter;

/* Returns: the nanoseconds of CLOCK_MONOTONIC. */
uint64_t clock_monotonic_ns(void);

static inline uint64_t clock_now(void)
{
#if defined(__x86_64__)
	if (__builtin_expect(clock_has_counter, 1))
		return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	if (__builtin_expect(clock_has_counter, 1)) {
		__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
		return ticks;
	}
#endif
	return clock_monotonic_ns();
}

/* Returns: the nanoseconds of one tick, as measured since clock_prepare(). */
double clock_ns_per_tick(void);

#endif /* PYUSDT_ACCOUNT_CLOCK_H */
