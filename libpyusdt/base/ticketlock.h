/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may change an interpreter's events: one thread at a time, first come first served.
 *
 * A change calls into Python, which may let go of the GIL, so that the GIL is no
 * protection. Nobody waits for a turn with the GIL held, nor for the GIL with the lock
 * behind it. Without an order a thread that changes events in a loop, with the GIL in
 * between, would keep out all others for ever: the main thread at its end, too.
 */
#ifndef PYUSDT_TICKETLOCK_H
#define PYUSDT_TICKETLOCK_H

#include <pthread.h>
#include <stdbool.h>

struct ticketlock {
	unsigned int drawn;      /* numbers given out */
	unsigned int current;    /* the number whose turn it is; @drawn: nobody's */
	bool taken;              /* the one whose turn it is knows */
	pthread_t owner;         /* ... and is this thread */
	struct ticketlock *next; /* in the list of all */
};

/* Before the first use, and after the last. */
void ticketlock_add(struct ticketlock *ticketlock);
void ticketlock_remove(struct ticketlock *ticketlock);

/* With the GIL, let go of while waiting. Returns: 0; -EDEADLK: it is this thread's. */
int ticketlock_lock(struct ticketlock *ticketlock);

/* Returns: whether it was nobody's and is this thread's now. */
bool ticketlock_trylock(struct ticketlock *ticketlock);

void ticketlock_unlock(struct ticketlock *ticketlock);

/*
 * Around fork(). In the child those who had a turn or waited for one are gone, but for
 * the thread that forked.
 */
void ticketlock_fork_prepare(void);
void ticketlock_fork_parent(void);
void ticketlock_fork_child(void);

/* In the child, before the above. Returns: whether a change was left half done. */
bool ticketlock_is_orphaned(const struct ticketlock *ticketlock);

#endif /* PYUSDT_TICKETLOCK_H */
