/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a process is one of those that are asked for. */
#ifndef ANNOUNCE_DECIDE_H
#define ANNOUNCE_DECIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "selection.h"
#include "table.h"

/*
 * Decide it for @pid, which is in the table, where it is not decided. Changes the table.
 * @now: in ms. Returns: whether it is asked for.
 */
bool decide(struct table *table, const struct selection *selection, pid_t pid,
	    int64_t now);

/* Returns: whether it was asked for, and is no longer: it has been moved elsewhere. */
bool decide_again(struct table *table, const struct selection *selection, pid_t pid,
		  int64_t now);

#endif /* ANNOUNCE_DECIDE_H */
