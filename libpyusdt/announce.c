// SPDX-License-Identifier: BSD-2-Clause
#include "announce.h"

#include <stdbool.h>
#include <time.h>

#include "probes.h"
#include "pyusdt.h"

#define MSEC_BETWEEN 1000

/* Atomic, without a lock: announced twice at once is no harm, a lock across fork() is. */
static uint64_t last_events;
static int64_t last_msec;

static int64_t now_msec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_due(uint64_t events)
{
	uint64_t before = __atomic_exchange_n(&last_events, events, __ATOMIC_RELAXED);
	int64_t now;

	if (!events)
		return false;
	now = now_msec();
	if (!(events & ~before) &&
	    now - __atomic_load_n(&last_msec, __ATOMIC_RELAXED) < MSEC_BETWEEN)
		return false;
	__atomic_store_n(&last_msec, now, __ATOMIC_RELAXED);
	return true;
}

void announce(uint64_t events)
{
	const struct pyusdt_layout *layout = pyusdt_layout(NULL);

	events &= PYUSDT_LAYOUT;
	if (is_due(events) && layout)
		probe_LAYOUT(layout, layout->python);
}
