// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file is a lock that threads get in the order in which they asked for it, and wait
 * for without the GIL.
 */
#include "base/ticketlock.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;

/* How many of them this thread has or waits for. */
static _Thread_local unsigned int held;

/* All there are, and each one's fields. Protected by `lock`. */
static struct ticketlock *all;

void ticketlock_add(struct ticketlock *ticketlock)
{
	pthread_mutex_lock(&lock);
	ticketlock->next = all;
	all = ticketlock;
	pthread_mutex_unlock(&lock);
}

void ticketlock_remove(struct ticketlock *ticketlock)
{
	pthread_mutex_lock(&lock);
	for (struct ticketlock **at = &all; *at; at = &(*at)->next) {
		if (*at == ticketlock) {
			*at = ticketlock->next;
			break;
		}
	}
	pthread_mutex_unlock(&lock);
}

/* Caller holds `lock`. */
static bool is_mine(const struct ticketlock *ticketlock)
{
	return ticketlock->taken && pthread_equal(ticketlock->owner, pthread_self());
}

/* Caller holds `lock`, and it is its turn. */
static void take(struct ticketlock *ticketlock)
{
	ticketlock->taken = true;
	ticketlock->owner = pthread_self();
}

bool ticketlock_trylock(struct ticketlock *ticketlock)
{
	bool free;

	pthread_mutex_lock(&lock);
	free = ticketlock->drawn == ticketlock->current;
	if (free) {
		ticketlock->drawn++;
		take(ticketlock);
	}
	pthread_mutex_unlock(&lock);
	held += free;
	return free;
}

/* Caller does not hold the GIL. */
static void queue(struct ticketlock *ticketlock)
{
	unsigned int mine;

	pthread_mutex_lock(&lock);
	mine = ticketlock->drawn++;
	while (ticketlock->current != mine)
		pthread_cond_wait(&ended, &lock);
	take(ticketlock);
	pthread_mutex_unlock(&lock);
}

int ticketlock_lock(struct ticketlock *ticketlock)
{
	PyThreadState *state;
	bool mine;

	if (ticketlock_trylock(ticketlock))
		return 0;
	pthread_mutex_lock(&lock);
	mine = is_mine(ticketlock);
	pthread_mutex_unlock(&lock);
	if (mine)
		return -EDEADLK;
	held++;
	state = PyEval_SaveThread();
	queue(ticketlock);
	PyEval_RestoreThread(state);
	return 0;
}

void ticketlock_unlock(struct ticketlock *ticketlock)
{
	pthread_mutex_lock(&lock);
	ticketlock->taken = false;
	ticketlock->current++;
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&lock);
	held--;
}

bool ticketlock_any(void)
{
	return held;
}

bool ticketlock_is_orphaned(const struct ticketlock *ticketlock)
{
	return ticketlock->taken && !is_mine(ticketlock);
}

void ticketlock_fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

void ticketlock_fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

void ticketlock_fork_child(void)
{
	for (struct ticketlock *ticketlock = all; ticketlock;
	     ticketlock = ticketlock->next) {
		ticketlock->taken = is_mine(ticketlock);
		ticketlock->drawn = ticketlock->current + ticketlock->taken;
	}
	pthread_cond_init(&ended, NULL);
	pthread_mutex_unlock(&lock);
}
