/* SPDX-License-Identifier: BSD-2-Clause */
/* --list: what is known of each Python, a line of JSON each. */
#ifndef ANNOUNCE_LIST_H
#define ANNOUNCE_LIST_H

#include <stdio.h>

#include "announcer.h"

/* Of those that are asked for; of one that is named also if it is no Python. */
void list_processes(const struct announcer *announcer, FILE *to);

#endif /* ANNOUNCE_LIST_H */
