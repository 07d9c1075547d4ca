// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file keeps the nodes of an account: as a list, by their function, and where
 * contexts are told apart as a tree.
 */
#include "account/nodes.h"

#include <stdlib.h>

#include "account/rows.h"

static struct account_node *find_without_context(struct account_node *node)
{
	while (node && node->parent)
		node = node->same_code;
	return node;
}

/*
 * It is among the children of its parent and among the nodes of its function, either of
 * which may be a hundred thousand: where one of the lists ends the other need not be
 * looked at any further.
 */
static struct account_node *find(const struct account *account,
				 const struct codemeta *meta,
				 const struct account_node *parent)
{
	struct account_node *same = meta->nodes[account->kind], *child;

	if (!parent)
		return find_without_context(same);
	for (child = parent->children; child && same; child = child->sibling) {
		if (child->meta == meta)
			return child;
		if (same->parent == parent)
			return same;
		same = same->same_code;
	}
	return NULL;
}

static struct account_node *make(struct account *account, struct codemeta *meta,
				 struct account_node *parent)
{
	struct account_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->account = account;
	node->meta = meta;
	node->parent = parent;
	node->index = account->node_count++;
	node->same_code = meta->nodes[account->kind];
	meta->nodes[account->kind] = node;
	if (parent) {
		node->sibling = parent->children;
		parent->children = node;
	}
	node->link = account->end;
	*account->end = node;
	account->end = &node->next;
	return node;
}

struct account_node *nodes_get(struct account *account, struct codemeta *meta,
			       struct account_node *parent)
{
	struct account_node *node = find(account, meta, parent);

	if (!node && parent && account->node_count >= NODES_MAX) {
		parent = NULL;
		node = find(account, meta, parent);
	}
	return node ? node : make(account, meta, parent);
}

void nodes_remove(struct account_node *node)
{
	struct account *account = node->account;

	rows_remove(&node->gone);
	record_drop_buckets(&node->gone);
	node->meta->nodes[account->kind] = NULL;
	*node->link = node->next;
	if (node->next)
		node->next->link = node->link;
	else
		account->end = node->link;
	free(node);
}

void nodes_free(struct account *account)
{
	while (account->nodes) {
		struct account_node *node = account->nodes;

		account->nodes = node->next;
		rows_remove(&node->gone);
		record_drop_buckets(&node->gone);
		node->meta->nodes[account->kind] = NULL;
		free(node);
	}
	account->end = &account->nodes;
	account->node_count = 0;
	while (account->orphans) {
		struct codelink *link = account->orphans;

		account->orphans = link->next;
		free(link);
	}
}
