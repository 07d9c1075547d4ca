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

/* So many a second; where there are more, to list all is cheaper. */
#define MAX_FORKED 256

struct forked {
	pid_t pid, parent;
};

struct announcer {
	const struct selection *selection;
	struct table table;
	struct programs *programs;
	pid_t young[MAX_YOUNG]; /* those that is_young, and some that are no longer */
	size_t young_count;
	struct rate tries, execs, looks, none_again;
	pid_t last_again; /* which process was the last to be looked at again */
	int64_t now;      /* ms, of the current round */

	bool has_records;                        /* of each fork and execve() */
	bool has_missed_forks, has_missed_execs; /* since the last refresh */
	struct forked forked[MAX_FORKED];        /* since then, too */
	size_t forked_count;
	pid_t begun[MAX_FORKED]; /* those not in the table that begin a program */
	size_t begun_count;      /* of all, be there room or not */
	int64_t next_check;      /* when to look through all processes, in ms */
	bool checks_all;         /* in this round */
	bool has_scanned;        /* all that were there at the beginning */
	bool has_learned;        /* the layout of another program, since the last scan */
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

/* @pid is new, says the kernel: the next refresh sees to it. */
void announcer_fork(struct announcer *announcer, pid_t pid, pid_t parent);

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
