// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file makes what a thread has of an account at its first event, and gives the sums
 * to the nodes when the thread ends.
 */
#include "account/threads.h"

#include <pthread.h>
#include <stdlib.h>

#include "account/clock.h"
#include "account/telling.h"

__thread struct account_thread *threads_self[CODEMETA_ACCOUNTS]
	__attribute__((tls_model("initial-exec")));

static pthread_key_t end_key; /* set in each thread that has anything */
static bool has_end_key;

/* No account ever has this token, nor that of one that is stopped. */
#define NOT_READY UINT64_MAX

static void detach(struct record *record, void *unused)
{
	(void)unused;
	record_detach(record);
}

void threads_clear(struct account_thread *thread)
{
	__atomic_store_n(&thread->token, NOT_READY, __ATOMIC_RELAXED);
	records_visit(&thread->records, detach, NULL);
	records_clear(&thread->records);
	parked_clear(&thread->parked);
	stack_free(&thread->stack);
}

static void take_out(struct account_thread *thread)
{
	struct account_thread **at;

	if (!thread->account)
		return;
	at = &thread->account->threads;
	while (*at != thread)
		at = &(*at)->next;
	*at = thread->next;
}

static void forget(struct account_thread *thread)
{
	take_out(thread);
	threads_clear(thread);
	free(thread);
}

/* Of a thread that ends, without the GIL. */
static void thread_ends(void *unused)
{
	(void)unused;
	telling_lock();
	sums_lock();
	for (int kind = 0; kind < CODEMETA_ACCOUNTS; kind++) {
		while (threads_self[kind]) {
			struct account_thread *thread = threads_self[kind];

			threads_self[kind] = thread->sibling;
			forget(thread);
		}
	}
	sums_unlock();
	telling_unlock();
}

static void make_end_key(void)
{
	has_end_key = pthread_key_create(&end_key, thread_ends) == 0;
}

/* Returns: whether the end of the calling thread will be noticed. */
static bool expect_end(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_end_key);
	return has_end_key && pthread_setspecific(end_key, &end_key) == 0;
}

/* Returns: what points to the calling thread's of @account, or the end of its list. */
static struct account_thread **find_of(const struct account *account)
{
	struct account_thread **at = &threads_self[account->kind];

	while (*at && (*at)->account != account)
		at = &(*at)->sibling;
	return at;
}

/* Returns: the calling thread's of @account, now the first; NULL where there is none. */
static struct account_thread *find(struct account *account)
{
	struct account_thread **first = &threads_self[account->kind];
	struct account_thread **at = find_of(account), *thread = *at;

	if (thread && at != first) {
		*at = thread->sibling;
		thread->sibling = *first;
		*first = thread;
	}
	return thread;
}

/* Returns: a new one of @account; NULL where memory ran out. */
static struct account_thread *make(struct account *account)
{
	struct account_thread *thread = calloc(1, sizeof(*thread));

	if (!thread)
		return NULL;
	thread->account = account;
	thread->sibling = threads_self[account->kind];
	threads_self[account->kind] = thread;
	thread->next = account->threads;
	account->threads = thread;
	return thread;
}

/* Returns: NULL where memory ran out. */
static struct account_thread *begin(struct account *account)
{
	struct account_thread *thread = find(account);

	if (!thread)
		thread = make(account);
	if (!thread || thread->token == account->token)
		return thread;
	/* It has no records since the account was stopped. */
	threads_clear(thread);
	if (!records_init(&thread->records, account->contexts) ||
	    !stack_init(&thread->stack, &thread->unknown)) {
		threads_clear(thread);
		return NULL;
	}
	__atomic_store_n(&thread->token, account->token, __ATOMIC_RELAXED);
	thread->last = clock_now();
	return thread;
}

__attribute__((cold, noinline)) struct account_thread *
threads_make_ready(struct account *account)
{
	struct account_thread *thread;

	if (!account->token || !expect_end())
		return NULL;
	sums_lock();
	thread = begin(account);
	sums_unlock();
	return thread;
}

/* Returns: what points to @thread in the list of the calling thread, NULL: nothing. */
static struct account_thread **find_own(const struct account_thread *thread)
{
	struct account_thread **at = &threads_self[thread->account->kind];

	while (*at && *at != thread)
		at = &(*at)->sibling;
	return *at ? at : NULL;
}

static void forget_own(struct account_thread **own)
{
	struct account_thread *thread = *own;

	*own = thread->sibling;
	forget(thread);
}

void threads_forget_own(struct account *account)
{
	struct account_thread **at = find_of(account);

	if (*at)
		forget_own(at);
}

void threads_forget_account(struct account *account)
{
	while (account->threads) {
		struct account_thread *thread = account->threads;
		struct account_thread **own = find_own(thread);

		if (own) {
			forget_own(own);
		} else {
			/* That thread has it in its list until it ends. */
			take_out(thread);
			thread->account = NULL;
		}
	}
}

void threads_forget_others(struct account *account)
{
	struct account_thread *next;

	for (struct account_thread *thread = account->threads; thread; thread = next) {
		next = thread->next;
		if (!find_own(thread))
			forget(thread);
	}
}
