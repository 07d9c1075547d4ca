/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An account counts and times the activations of functions, in one interpreter. Each
 * interpreter has two: one that tracers are told of, by the probe PROFILE, and one that
 * is kept for the program itself, pyusdt_profile_begin(). They know nothing of each
 * other.
 *
 * Everything here needs the GIL of the interpreter, unless it says otherwise.
 * Free-threaded builds, which have none, have no accounts.
 */
#ifndef PYUSDT_ACCOUNT_H
#define PYUSDT_ACCOUNT_H

#include "account/state.h"

void account_init(struct account *account, enum account_kind kind);

/* Stop it, and free all. */
void account_fini(struct account *account);

/* Returns: whether there can be accounts in the running CPython. */
bool account_supported(void);

/*
 * Try out what is needed, once. @closure_type: from closure_type_new().
 *
 * Returns: false where it cannot be had.
 */
bool account_prepare(PyTypeObject *closure_type);

/* Returns: whether account_prepare() has been called, and returned true. */
bool account_is_prepared(void);

/*
 * Begin to count, after account_prepare(). What is active now is not known. @contexts:
 * count a function by itself for each context.
 */
void account_start(struct account *account, bool contexts);

/* Keep buckets from now on, or none any more, of an account that is told. */
void account_keep_buckets(struct account *account, bool keep);

/*
 * Stop counting: what is active ends now. No events come any more, and no owner of a
 * record is at work. The figures stay.
 */
void account_stop(struct account *account);

/* Forget all figures, once it is stopped. */
void account_forget(struct account *account);

static inline bool account_is_on(const struct account *account)
{
	return account->token != 0;
}

/* Code may be visible or not that was otherwise before. */
void account_follow_filters(struct account *account);

/*
 * For codetable.gone: the code of @meta is about to go.
 *
 * Returns: whether @meta is kept.
 */
bool account_code_gone(struct codemeta *meta);

/* Around fork(): nobody else is within the lock, and in the child all is zero. */
void account_fork_prepare(void);
void account_fork_parent(void);
void account_fork_child(void);

#endif /* PYUSDT_ACCOUNT_H */
