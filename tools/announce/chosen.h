/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a process is one of those that are asked for. */
#ifndef ANNOUNCE_CHOSEN_H
#define ANNOUNCE_CHOSEN_H

#include "selection.h"
#include "table.h"

/* Decides it once for @pid, which is in the table, and adds its parents to the table. */
void chosen_decide(struct table *table, const struct selection *selection, pid_t pid);

#endif /* ANNOUNCE_CHOSEN_H */
