// SPDX-License-Identifier: BSD-2-Clause
#include "announce.h"

#include <stdbool.h>

#include "codelist.h"
#include "codemeta.h"
#include "monotonic.h"
#include "probes.h"
#include "pyusdt.h"

#define MSEC_BETWEEN 1000

/* Atomic, without a lock: announced twice at once is no harm, a lock across fork() is. */
static uint64_t last_events;
static int64_t last_msec;

static bool is_due(uint64_t events)
{
	uint64_t before = __atomic_exchange_n(&last_events, events, __ATOMIC_RELAXED);
	int64_t now;

	if (!events)
		return false;
	now = monotonic_msec();
	if (!(events & ~before) &&
	    now - __atomic_load_n(&last_msec, __ATOMIC_RELAXED) < MSEC_BETWEEN)
		return false;
	__atomic_store_n(&last_msec, now, __ATOMIC_RELAXED);
	return true;
}

static void announce_layout(void)
{
	const struct pyusdt_layout *layout = pyusdt_layout(NULL);

	if (layout)
		probe_LAYOUT(layout, layout->python);
}

static void announce_code(struct codelink *link)
{
	const struct codemeta *code = (const struct codemeta *)link;

	if (codemeta_told(code))
		probe_CODE(code);
}

void announce_again(void)
{
	__atomic_store_n(&last_events, 0, __ATOMIC_RELAXED);
}

void announce(uint64_t events)
{
	events &= PYUSDT_LAYOUT | PYUSDT_CODE;
	if (!is_due(events))
		return;
	if (events & PYUSDT_LAYOUT)
		announce_layout();
	if (events & PYUSDT_CODE)
		codelist_walk(announce_code);
}
