/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This is the table by which a tracer reads what was not told to it, when the process
 * ends: pyusdt_profile.h. A kill may come at any moment, so that each change of it is one
 * store, before and after which all is true; but for a row that becomes the first, which
 * is in no place between two of them, and lost to a kill there.
 */
#ifndef PYUSDT_ACCOUNT_ROWS_H
#define PYUSDT_ACCOUNT_ROWS_H

#include "account/record.h"
#include "code/codemeta.h"
#include "pyusdt_profile.h"

/* Where it is, for as long as the process lives. */
const struct pyusdt_profile_table *rows_table(void);

/* How long a tick is. */
void rows_set_scale(double ns_per_tick);

/* The rest needs the lock of sums.h, unless it says otherwise. */

/* Let @row be in the table, as one of the function of @meta. */
void rows_add(struct record *row, const struct codemeta *meta);

/* Take @row out, if it is in the table. */
void rows_remove(struct record *row);

/*
 * Of @row all is about to be told that is in @sums, by a hit of PROFILE. With the lock of
 * telling.h instead, which is not let go of before rows_told().
 */
void rows_begin_telling(const struct record *row, const struct pyusdt_sums *sums);

/*
 * The hit is over: @row was told of all that rows_begin_telling() was given. It becomes
 * the first, since a tracer can read only so many, and those that change are of interest.
 */
void rows_told(struct record *row);

#endif /* PYUSDT_ACCOUNT_ROWS_H */
