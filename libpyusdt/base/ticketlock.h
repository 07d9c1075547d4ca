/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may change an interpreter's events: one thread at a time, first come first served.
 *
 * A change calls into Python, which may let go of the GIL, so that the GIL is no
 * protection. Nobody waits for a turn with the GIL held, nor for the GIL with the lock
 * behind it. Without an order a thread that changes events in a loop, with the GIL in
 * between, would keep out all others for ever: the main thread at its end, too.
 */
#ifndef PYUSDT_TURN_H
#define PYUSDT_TURN_H

#include <pthread.h>
#include <stdbool.h>

struct turn {
	unsigned int drawn;   /* numbers given out */
	unsigned int current; /* the number whose turn it is; @drawn: nobody's */
	bool taken;           /* the one whose turn it is knows */
	pthread_t owner;      /* ... and is this thread */
	struct turn *next;    /* in the list of all */
};

/* Before the first use, and after the last. */
void turn_add(struct turn *turn);
void turn_remove(struct turn *turn);

/* With the GIL, let go of while waiting. Returns: 0; -EDEADLK: it is this thread's. */
int turn_take(struct turn *turn);

/* Returns: whether it was nobody's and is this thread's now. */
bool turn_try(struct turn *turn);

void turn_end(struct turn *turn);

/*
 * Around fork(). In the child those who had a turn or waited for one are gone, but for
 * the thread that forked.
 */
void turn_fork_prepare(void);
void turn_fork_parent(void);
void turn_fork_child(void);

/* In the child, before the above. Returns: whether a change was left half done. */
bool turn_is_orphaned(const struct turn *turn);

#endif /* PYUSDT_TURN_H */
