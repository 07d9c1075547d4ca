/* SPDX-License-Identifier: BSD-2-Clause */
/* This tells tracers what the accounts that are told have counted. */
#ifndef PYUSDT_ACCOUNT_TELLING_H
#define PYUSDT_ACCOUNT_TELLING_H

#include "account/sums.h"

/*
 * Whoever tells has this lock, and whoever takes a record that is told from its node, or
 * the node from its function: what is being told stays where it is. It is waited for
 * before the lock of sums.h, as long as some hits take.
 */
void telling_lock(void);
void telling_unlock(void);

/*
 * Hit PROFILE_TABLE, if it is watched: where tracers find what was not told when the
 * process has ended. Any thread, no GIL needed.
 */
void telling_table(void);

/*
 * Hit PROFILE for each visible function and thread of which something has been counted
 * that was not told yet. Any thread, no GIL needed; two at once tell each thing once.
 */
void telling_all(void);

/* Likewise for @node alone. With the lock. */
void telling_node(struct account_node *node);

#endif /* PYUSDT_ACCOUNT_TELLING_H */
