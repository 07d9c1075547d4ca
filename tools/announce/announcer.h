/* SPDX-License-Identifier: BSD-2-Clause */
/* When which process is looked at, and announced. */
#ifndef ANNOUNCE_ANNOUNCER_H
#define ANNOUNCE_ANNOUNCER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "programs.h"
#include "rate.h"
#include "selection.h"
#include "table.h"

/* So many begin at once at most; others wait for the scan. */
#define MAX_YOUNG 256

struct announcer {
	const struct selection *selection;
	struct table table;
	struct programs *programs;
	pid_t young[MAX_YOUNG]; /* those that is_young, and some that are no longer */
	size_t young_count;
	struct rate execs, looks, none_again;
	int64_t now; /* ms, of the current round */
	bool is_told_of_execs;
	bool has_missed_execs; /* since the last scan */
};

/* Returns: false when out of memory. */
bool announcer_begin(struct announcer *announcer, const struct selection *selection);
void announcer_end(struct announcer *announcer);

/* Those that are named, once: later their ids may be others'. */
void announcer_add_named(struct announcer *announcer);

/* Forget who has ended, know who is new. Returns: false where that cannot be told. */
bool announcer_refresh(struct announcer *announcer);

/* Look at all processes whose turn it is. */
void announcer_scan(struct announcer *announcer);

/* @pid has begun another program, says the kernel. */
void announcer_exec(struct announcer *announcer, pid_t pid);

/* Look at the young ones whose turn it is. Returns: when next, @until at the latest. */
int64_t announcer_look_at_young(struct announcer *announcer, int64_t until);

/* Announce all again that are known: a tracer may have come meanwhile. */
void announcer_tell(const struct announcer *announcer);

/* Whether there still is a process that is asked for. */
bool announcer_has_any(const struct announcer *announcer);

/* Say of each process that is named why it is not known. Returns: whether there is one.
 */
bool announcer_why_not(const struct announcer *announcer);

#endif /* ANNOUNCE_ANNOUNCER_H */
