// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file finds out whether the processor's counter can be the clock, and how long one
 * of its ticks is.
 */
#include "account/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define CLOCK_SOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* Pairs of readings, of which the one that took least is the best. */
#define READINGS 8

/* What must have passed: a reading is some 20 ns off. */
#define LEAST_NS 50000

bool clock_has_counter;

/* One moment by both clocks. Written by clock_prepare(). */
static struct moment {
	uint64_t ticks;
	uint64_t ns;
} first;

static uint64_t read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

/*
 * The counter goes on while the machine is suspended, and so does this clock: what a tick
 * is does not depend on that.
 */
static struct moment moment_now(void)
{
	struct moment best = {0};
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < READINGS; i++) {
		uint64_t before = clock_now();
		uint64_t ns = read_ns(CLOCK_BOOTTIME);
		uint64_t took = clock_now() - before;

		if (took < least) {
			least = took;
			best = (struct moment){before + took / 2, ns};
		}
	}
	return best;
}

#if defined(__x86_64__)
#define COUNTER "tsc\n"

/* A process may have itself killed where it reads the counter: prctl(2), PR_SET_TSC. */
static bool may_read(void)
{
	int mode = PR_TSC_SIGSEGV;

	return prctl(PR_GET_TSC, &mode, 0, 0, 0) == 0 && mode == PR_TSC_ENABLE;
}
#elif defined(__aarch64__)
#define COUNTER "arch_sys_counter\n"

static bool may_read(void)
{
	return true;
}
#else
#define COUNTER ""

static bool may_read(void)
{
	return false;
}
#endif

/* The kernel knows best whether the counters of all processors agree. */
static bool kernel_uses_counter(void)
{
	char name[sizeof(COUNTER)] = "";
	int file = open(CLOCK_SOURCE, O_RDONLY | O_CLOEXEC);
	ssize_t size = file < 0 ? -1 : read(file, name, sizeof(name));

	if (file >= 0)
		close(file);
	return size == (ssize_t)strlen(COUNTER) &&
	       !memcmp(name, COUNTER, strlen(COUNTER));
}

static void prepare(void)
{
	clock_has_counter = may_read() && kernel_uses_counter();
	first = moment_now();
}

void clock_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, prepare);
}

double clock_ns_per_tick(void)
{
	struct moment now;

	if (!clock_has_counter)
		return 1;
	do {
		now = moment_now();
	} while (now.ns - first.ns < LEAST_NS);
	return now.ticks > first.ticks
		       ? (double)(now.ns - first.ns) / (double)(now.ticks - first.ticks)
		       : 1;
}
