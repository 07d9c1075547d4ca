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

void telling_hit(const struct codemeta *meta, struct pyusdt_sums untold)
{
	struct pyusdt_sums sums;

	if (!codemeta_visible(meta) || !probe_watched(EVENT_PROFILE))
		return;
	sums = sums_in_ns(untold, clock_ns_per_tick());
	probe_PROFILE(meta, &sums);
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

static void tell(struct codelink *link)
{
	const struct codemeta *meta = (const struct codemeta *)link;
	struct pyusdt_sums untold;

	/* What is hidden may be told when it is not any more. */
	if (codemeta_visible(meta) && take(meta, &untold))
		telling_hit(meta, untold);
}

void telling_all(void)
{
	codelist_walk(tell);
}
