// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file keeps the nodes of an account: as a list, by their function, and where
 * contexts are told apart as a tree.
 */
#include "account/nodes.h"

#include <stdlib.h>

#include "account/rows.h"

/* A function that is in no context is found by itself, another among its siblings. */
static struct account_node *find(const struct account *account,
				 const struct codemeta *meta,
				 const struct account_node *parent)
{
	struct account_node *node =
		parent ? parent->children : meta->nodes[account->kind];

	if (parent)
		while (node && node->meta != meta)
			node = node->sibling;
	else
		while (node && node->parent)
			node = node->same_code;
	return node;
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
