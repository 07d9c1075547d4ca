/* SPDX-License-Identifier: BSD-2-Clause */
/* This is what each kernel thread has of an account. */
#ifndef PYUSDT_ACCOUNT_THREADS_H
#define PYUSDT_ACCOUNT_THREADS_H

#include <stdint.h>

#include "account/state.h"
#include "account/parked.h"
#include "account/stack.h"
#include "account/records.h"

struct account_thread {
	/* Of the account, when this was last made ready. Atomic: with a GIL of its own a
	 * thread of its interpreter may end that account while this one is in another
	 * interpreter. */
	uint64_t token;
	uint64_t last; /* ticks of the last event */
	struct stack stack;
	struct records records;
	struct parked parked;
	struct record unknown; /* whose sums are nobody's */

	/* With the lock of sums.h. */
	struct account *account;     /* NULL: that is no more */
	struct account_thread *next; /* of the same account */
	/* Of the same kernel thread and kind: of other interpreters. */
	struct account_thread *sibling;
};

/*
 * Of the calling thread, by enum account_kind: that which was used last. In static TLS,
 * which is where the address of an ordinary variable is, too.
 */
extern __thread struct account_thread *threads_self[CODEMETA_ACCOUNTS]
	__attribute__((tls_model("initial-exec")));

struct account_thread *threads_make_ready(struct account *account);

/* Returns: the calling thread's of @account; NULL where there is none to be had. */
static inline struct account_thread *threads_get(struct account *account)
{
	struct account_thread *self = threads_self[account->kind];

	if (__builtin_expect(self && __atomic_load_n(&self->token, __ATOMIC_RELAXED) ==
					     account->token,
			     1))
		return self;
	return threads_make_ready(account);
}

/* The rest needs the lock of sums.h, and of telling.h, too, if the account is told. */

/* @thread has nothing of its account any more: records are detached, stacks forgotten. */
void threads_clear(struct account_thread *thread);

/* Forget the calling thread's of @account. */
void threads_forget_own(struct account *account);

/* Forget the threads of @account, which is about to go. */
void threads_forget_account(struct account *account);

/* After a fork: forget the threads of @account that are not here. */
void threads_forget_others(struct account *account);

#endif /* PYUSDT_ACCOUNT_THREADS_H */
