// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file hits PROFILE. The lock of sums.h is held while the sums of one function are
 * taken, and not while the tracer's program runs: the first call of a function would wait
 * for it. Names stay where they are by the lock of the list of code, which a walk lets go
 * of now and then.
 */
#include "account/telling.h"

#include "account/state.h"
#include "account/clock.h"
#include "account/sums.h"
#include "code/codelist.h"
#include "probes/probes.h"

static void hit(const struct codemeta *meta, struct pyusdt_sums untold, double scale)
{
	struct pyusdt_sums sums = sums_in_ns(untold, scale);

	probe_PROFILE(meta, &sums);
}

void telling_hit(const struct codemeta *meta, struct pyusdt_sums untold)
{
	if (codemeta_visible(meta) && probe_watched(EVENT_PROFILE))
		hit(meta, untold, clock_ns_per_tick());
}

/* Returns: whether there is anything, which is in @untold. */
static bool take(const struct codemeta *meta, struct pyusdt_sums *untold)
{
	struct account_node *node;
	bool any = false;

	sums_lock();
	node = meta->nodes[ACCOUNT_TOLD];
	if (node)
		*untold = node_take(node, &any);
	sums_unlock();
	return any;
}

/* For the walk that this thread is at: to measure it takes as long as a hit. */
static _Thread_local double ns_per_tick;

static void tell(struct codelink *link)
{
	const struct codemeta *meta = (const struct codemeta *)link;
	struct pyusdt_sums untold;

	/* What is hidden may be told when it is not any more. */
	if (codemeta_visible(meta) && take(meta, &untold))
		hit(meta, untold, ns_per_tick);
}

void telling_all(void)
{
	if (!probe_watched(EVENT_PROFILE))
		return;
	ns_per_tick = clock_ns_per_tick();
	codelist_walk(tell);
}
