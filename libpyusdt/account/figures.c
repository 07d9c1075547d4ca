// SPDX-License-Identifier: BSD-2-Clause
/* This file makes of each node of an account what the public function shows. */
#include "account/figures.h"

#include "account/clock.h"
#include "account/sums.h"

static struct pyusdt_profile_node figure(const struct account_node *node,
					 double ns_per_tick)
{
	const struct codemeta *meta = node->meta;

	return (struct pyusdt_profile_node){
		.size = sizeof(struct pyusdt_profile_node),
		.index = node->index,
		.parent = node->parent ? node->parent->index : UINT32_MAX,
		.line = meta->line,
		.id = meta->id,
		.name = meta->name,
		.qualname = meta->qualname,
		.filename = meta->file,
		.sums = sums_in_ns(node_sums(node), ns_per_tick),
	};
}

/* Nodes are only added while somebody visits them. */
static const struct account_node *next_node(const struct account *account,
					    const struct account_node *node)
{
	return node ? node->next : account->nodes;
}

int figures_visit(struct account *account, pyusdt_profile_fn *visit, void *context)
{
	double ns_per_tick = clock_ns_per_tick();
	const struct account_node *node = NULL;
	int result = 0;

	account->visits++;
	while (!result) {
		struct pyusdt_profile_node shown;

		sums_lock();
		node = next_node(account, node);
		if (node)
			shown = figure(node, ns_per_tick);
		sums_unlock();
		if (!node)
			break;
		result = visit(&shown, context);
	}
	account->visits--;
	return result;
}
