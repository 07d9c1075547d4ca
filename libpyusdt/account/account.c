// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file begins and ends accounts, and sees to what ends while they count: code
 * objects, and with a fork all that the parent has counted.
 */
#include "account/account.h"

#include <string.h>

#include "account/buckets.h"
#include "account/c_names.h"
#include "account/clock.h"
#include "account/frames.h"
#include "account/nodes.h"
#include "account/rows.h"
#include "account/telling.h"
#include "account/threads.h"

static struct account *accounts; /* all there are, with the lock */

void account_init(struct account *account, enum account_kind kind)
{
	memset(account, 0, sizeof(*account));
	account->kind = kind;
	account->end = &account->nodes;
	objtable_init(&account->c_functions);
	sums_lock();
	account->next = accounts;
	accounts = account;
	sums_unlock();
}

void account_fini(struct account *account)
{
	struct account **at = &accounts;

	account_stop(account);
	account_forget(account);
	telling_lock();
	sums_lock();
	threads_forget_account(account);
	while (*at && *at != account)
		at = &(*at)->next;
	if (*at)
		*at = account->next;
	sums_unlock();
	telling_unlock();
}

bool account_supported(void)
{
	return frames_are_known();
}

bool account_prepare(PyTypeObject *closure_type)
{
	clock_prepare();
	return frames_prepare(closure_type);
}

bool account_is_prepared(void)
{
	return frames_are_prepared();
}

void account_start(struct account *account, bool contexts)
{
	static uint64_t last_token;

	account->contexts = contexts;
	account->token = __atomic_add_fetch(&last_token, 1, __ATOMIC_RELAXED);
	if (account->kind == ACCOUNT_TOLD)
		telling_table();
}

void account_keep_buckets(struct account *account, bool keep)
{
	void (*change)(struct record *record) =
		keep ? record_add_buckets : record_drop_buckets;

	if (account->buckets == keep)
		return;
	if (keep)
		buckets_prepare();
	telling_lock();
	sums_lock();
	account->buckets = keep;
	for (struct account_node *node = account->nodes; node; node = node->next) {
		for (struct record *record = node->records; record; record = record->next)
			change(record);
		if (!keep)
			change(&node->gone);
	}
	sums_unlock();
	telling_unlock();
}

static void end_parked(struct parked_stack *parked, void *now)
{
	stack_go_on(&parked->stack);
	stack_end(&parked->stack, *(uint64_t *)now);
}

/* What is active has taken all the time until @now. */
static void end_all(struct account_thread *thread, uint64_t now)
{
	if (!thread->stack.base)
		return;
	sums_add(&thread->stack.top->record->sums.own, now - thread->last);
	stack_end(&thread->stack, now);
	parked_visit(&thread->parked, end_parked, &now);
}

void account_stop(struct account *account)
{
	struct account_thread *thread;
	uint64_t now;

	if (!account_is_on(account))
		return;
	now = clock_now();
	account->token = 0;
	telling_lock();
	sums_lock();
	for (thread = account->threads; thread; thread = thread->next) {
		end_all(thread, now);
		threads_clear(thread);
	}
	threads_forget_own(account);
	sums_unlock();
	telling_unlock();
}

void account_forget(struct account *account)
{
	telling_lock();
	sums_lock();
	nodes_free(account);
	sums_unlock();
	telling_unlock();
	c_names_free(account);
}

/*
 * With the lock. No thread finds the records of @node any more. @reuse: they are on no
 * stack.
 */
static void forget_records(struct account_node *node, bool reuse)
{
	while (node->records) {
		struct record *record = node->records;

		record_detach(record);
		records_remove(record, reuse);
	}
}

/* What is hidden is not told when the process ends, either. */
static void hide(struct account_node *node)
{
	forget_records(node, false);
	rows_remove(&node->gone);
}

/* What was hidden before may have sums. */
static void show(struct account_node *node)
{
	if (node->account->kind == ACCOUNT_TOLD)
		rows_add(&node->gone, node->meta);
}

void account_follow_filters(struct account *account)
{
	telling_lock();
	sums_lock();
	for (struct account_node *node = account->nodes; node; node = node->next) {
		if (codemeta_visible(node->meta))
			show(node);
		else
			hide(node);
	}
	sums_unlock();
	telling_unlock();
}

/* With the lock. Returns: whether @meta is kept. */
static bool keep_orphan(struct codemeta *meta)
{
	struct account_node *first = meta->nodes[ACCOUNT_KEPT], *node;

	if (!first)
		return false;
	for (node = first; node; node = node->same_code)
		forget_records(node, true);
	meta->link.next = first->account->orphans;
	first->account->orphans = &meta->link;
	return true;
}

/* With the lock of telling.h. */
static void tell_and_remove(struct account_node *node)
{
	sums_lock();
	forget_records(node, true);
	sums_unlock();
	telling_node(node);
	sums_lock();
	nodes_remove(node);
	sums_unlock();
}

bool account_code_gone(struct codemeta *meta)
{
	bool kept;

	telling_lock();
	if (meta->nodes[ACCOUNT_TOLD])
		tell_and_remove(meta->nodes[ACCOUNT_TOLD]);
	sums_lock();
	kept = keep_orphan(meta);
	sums_unlock();
	telling_unlock();
	return kept;
}

void account_fork_prepare(void)
{
	telling_lock();
	sums_lock();
}

void account_fork_parent(void)
{
	sums_unlock();
	telling_unlock();
}

static void restart_parked(struct parked_stack *parked, void *now)
{
	stack_restart(&parked->stack, *(uint64_t *)now);
}

/* What the parent has counted is the parent's to tell. */
static void begin_anew(struct account *account)
{
	struct account_thread *thread;
	uint64_t now = clock_now();

	threads_forget_others(account);
	for (struct account_node *node = account->nodes; node; node = node->next)
		node_zero(node);
	for (thread = account->threads; thread; thread = thread->next) {
		thread->last = now;
		stack_restart(&thread->stack, now);
		parked_visit(&thread->parked, restart_parked, &now);
	}
}

void account_fork_child(void)
{
	for (struct account *account = accounts; account; account = account->next)
		begin_anew(account);
	sums_unlock();
	telling_unlock();
	telling_table();
}
