// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file tells tracers the layout, all code objects and what was counted, when their
 * semaphore rises and once a second from then on, without Python being asked.
 */
#include "control/announce.h"

#include <stdbool.h>

#include "account/telling.h"
#include "base/monotonic.h"
#include "code/codelist.h"
#include "code/codemeta.h"
#include "layout/layout.h"
#include "layout/layout_words.h"
#include "probes/probes.h"
#include "pyusdt.h"

#define MSEC_BETWEEN 1000

/*
 * What has been announced, not what is about to be: a thread that returns from here goes
 * on to code that is traced, while another may wait for a CPU before it gets to the
 * probe. Atomic, without a lock: announced twice at once is no harm, a lock across fork()
 * is.
 */
static uint64_t last_events;
static int64_t last_msec;

static bool is_due(uint64_t events, uint64_t before, int64_t now)
{
	return (events & ~before) ||
	       (events &&
		now - __atomic_load_n(&last_msec, __ATOMIC_ACQUIRE) >= MSEC_BETWEEN);
}

static void announce_layout(void)
{
	const struct pyusdt_layout *layout = layout_found(NULL);

	if (layout)
		probe_LAYOUT(layout, layout->python);
}

static void announce_process(void)
{
	const struct pyusdt_layout *layout = layout_found(NULL);
	struct layout_way way = {0};
	struct layout_words words;
	const char *why;

	if (!layout)
		return;
	way.tstate = layout->tstate;
	if (layout_words(layout, &way, &words, &why))
		probe_PROCESS(words.tstate, words.walk, words.names, words.rest,
			      words.version);
}

static void announce_code(struct codelink *link)
{
	const struct codemeta *code = (const struct codemeta *)link;

	if (codemeta_visible(code))
		probe_CODE(code);
}

void announce_again(void)
{
	__atomic_store_n(&last_events, 0, __ATOMIC_RELAXED);
}

void announce(uint64_t events)
{
	uint64_t before = __atomic_load_n(&last_events, __ATOMIC_ACQUIRE);
	int64_t now;

	events &= PYUSDT_LAYOUT | PYUSDT_CODE | PYUSDT_PROCESS | PYUSDT_PROFILE |
		  PYUSDT_PROFILE_TABLE;
	if (!events && !before)
		return;
	now = monotonic_msec();
	if (is_due(events, before, now)) {
		if (events & PYUSDT_LAYOUT)
			announce_layout();
		if (events & PYUSDT_PROCESS)
			announce_process();
		if (events & PYUSDT_CODE)
			codelist_walk(announce_code);
		if (events & PYUSDT_PROFILE_TABLE)
			telling_table();
		if (events & PYUSDT_PROFILE)
			telling_all();
		__atomic_store_n(&last_msec, now, __ATOMIC_RELEASE);
	}
	/* Not where announce_again() has been called meanwhile, or another thread knows
	 * more. */
	__atomic_compare_exchange_n(&last_events, &before, events, false,
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}
