/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This lock is for work that calls into Python, as a change of an interpreter's events
 * does: one thread at a time, first come first served.
 *
 * Python may let go of the GIL meanwhile, so that the GIL is no protection. Nobody
 * waits for this lock with the GIL held, nor for the GIL with the mutex behind this
 * lock held. Without an order a thread that takes it in a loop, with the GIL in
 * between, would keep out all others for ever: the main thread at its end, too.
 */
#ifndef PYUSDT_TICKETLOCK_H
#define PYUSDT_TICKETLOCK_H

#include <pthread.h>
#include <stdbool.h>

struct ticketlock {
	unsigned int drawn;      /* numbers given out */
	unsigned int current;    /* the number whose turn it is; @drawn: nobody's */
	bool taken;              /* the thread whose turn it is has woken up */
	pthread_t owner;         /* that thread, where taken */
	struct ticketlock *next; /* in the list of all */
};

/* To be called before the first use, and after the last. */
void ticketlock_add(struct ticketlock *ticketlock);
void ticketlock_remove(struct ticketlock *ticketlock);

/*
 * Caller holds the GIL, which is let go of while waiting.
 *
 * Returns: 0; -EDEADLK where this thread has it already.
 */
int ticketlock_lock(struct ticketlock *ticketlock);

/* Returns: whether nobody had it and this thread has it now. */
bool ticketlock_trylock(struct ticketlock *ticketlock);

void ticketlock_unlock(struct ticketlock *ticketlock);

/* Returns: whether this thread has one, or waits for one. */
bool ticketlock_any(void);

/*
 * Around fork(). In the child those who had a turn or waited for one are gone, but for
 * the thread that forked.
 */
void ticketlock_fork_prepare(void);
void ticketlock_fork_parent(void);
void ticketlock_fork_child(void);

/*
 * In the child, before ticketlock_fork_child().
 *
 * Returns: whether a thread had it that is not here, and left its work half done.
 */
bool ticketlock_is_orphaned(const struct ticketlock *ticketlock);

#endif /* PYUSDT_TICKETLOCK_H */
