/* SPDX-License-Identifier: BSD-2-Clause */
/* These functions make and free the nodes of an account. All need the lock of sums.h, and
 * those that free need that of telling.h, too, if the account is told. */
#ifndef PYUSDT_ACCOUNT_NODES_H
#define PYUSDT_ACCOUNT_NODES_H

#include "account/state.h"
#include "account/sums.h"

/*
 * Contexts that are told apart at most. In one that is new then a function has a node
 * without parent.
 */
#define NODES_MAX ((uint32_t)1 << 18)

/*
 * @parent: of the caller; NULL where that is unknown, or callers are not told apart.
 *
 * Returns: the node of the function, new or not; NULL where memory ran out.
 */
struct account_node *nodes_get(struct account *account, struct codemeta *meta,
			       struct account_node *parent);

/* Free @node, which has no records, parent or children. */
void nodes_remove(struct account_node *node);

/* Free all nodes of @account; no record has one. */
void nodes_free(struct account *account);

#endif /* PYUSDT_ACCOUNT_NODES_H */
