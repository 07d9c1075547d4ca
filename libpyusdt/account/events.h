/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * These functions count the events of sys.monitoring in an account that is started, from
 * within their callbacks.
 *
 * Those that return bool return false where the account does not know the function yet,
 * or no more: it may be one that is not visible. What shall be counted is made known, and
 * the function called again.
 */
#ifndef PYUSDT_ACCOUNT_EVENTS_H
#define PYUSDT_ACCOUNT_EVENTS_H

#include "account/state.h"

/* A function begins: @resumed where it is a generator or coroutine that goes on. */
bool account_enter(struct account *account, const PyObject *code, bool resumed);

/* A function has ended or is suspended: @raised where an exception leaves it. */
bool account_leave(struct account *account, const PyObject *code, bool raised);

/*
 * Returns: whether after the end of this function there may be no other event: what is
 * not told then is lost.
 */
bool account_ends_process(const struct codemeta *meta);

/*
 * Know the function of @meta in the context it is entered in now.
 *
 * Returns: false where memory ran out.
 */
bool account_meet(struct account *account, struct codemeta *meta);

/* What is called, or has ended, where that is a function of C. */
void account_enter_c(struct account *account, PyObject *callable);
void account_leave_c(struct account *account, PyObject *callable, bool raised);

#endif /* PYUSDT_ACCOUNT_EVENTS_H */
