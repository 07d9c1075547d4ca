/* SPDX-License-Identifier: BSD-2-Clause */
/* This shows the figures of an account to the program itself. */
#ifndef PYUSDT_ACCOUNT_FIGURES_H
#define PYUSDT_ACCOUNT_FIGURES_H

#include "account/state.h"
#include "pyusdt.h"

/*
 * Call @visit for each node of @account, in the order in which they were made. Nothing of
 * the account is freed meanwhile: account->visits says so. Needs the GIL, which @visit
 * may let go of.
 *
 * Returns: 0, or what @visit returned that was not 0, at which it ends.
 */
int figures_visit(struct account *account, pyusdt_profile_fn *visit, void *context);

#endif /* PYUSDT_ACCOUNT_FIGURES_H */
