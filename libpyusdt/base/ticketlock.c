// SPDX-License-Identifier: BSD-2-Clause
#include "base/ticketlock.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;

/* With the lock held. */
static struct turn *all;

void turn_add(struct turn *turn)
{
	pthread_mutex_lock(&lock);
	turn->next = all;
	all = turn;
	pthread_mutex_unlock(&lock);
}

void turn_remove(struct turn *turn)
{
	pthread_mutex_lock(&lock);
	for (struct turn **at = &all; *at; at = &(*at)->next) {
		if (*at == turn) {
			*at = turn->next;
			break;
		}
	}
	pthread_mutex_unlock(&lock);
}

/* With the lock held. */
static bool is_mine(const struct turn *turn)
{
	return turn->taken && pthread_equal(turn->owner, pthread_self());
}

/* With the lock held, by whose turn it is. */
static void take(struct turn *turn)
{
	turn->taken = true;
	turn->owner = pthread_self();
}

bool turn_try(struct turn *turn)
{
	bool free;

	pthread_mutex_lock(&lock);
	free = turn->drawn == turn->current;
	if (free) {
		turn->drawn++;
		take(turn);
	}
	pthread_mutex_unlock(&lock);
	return free;
}

/* Without the GIL. */
static void queue(struct turn *turn)
{
	unsigned int mine;

	pthread_mutex_lock(&lock);
	mine = turn->drawn++;
	while (turn->current != mine)
		pthread_cond_wait(&ended, &lock);
	take(turn);
	pthread_mutex_unlock(&lock);
}

int turn_take(struct turn *turn)
{
	PyThreadState *state;
	bool mine;

	if (turn_try(turn))
		return 0;
	pthread_mutex_lock(&lock);
	mine = is_mine(turn);
	pthread_mutex_unlock(&lock);
	if (mine)
		return -EDEADLK;
	state = PyEval_SaveThread();
	queue(turn);
	PyEval_RestoreThread(state);
	return 0;
}

void turn_end(struct turn *turn)
{
	pthread_mutex_lock(&lock);
	turn->taken = false;
	turn->current++;
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&lock);
}

bool turn_is_orphaned(const struct turn *turn)
{
	return turn->taken && !is_mine(turn);
}

void turn_fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

void turn_fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

void turn_fork_child(void)
{
	for (struct turn *turn = all; turn; turn = turn->next) {
		turn->taken = is_mine(turn);
		turn->drawn = turn->current + turn->taken;
	}
	pthread_cond_init(&ended, NULL);
	pthread_mutex_unlock(&lock);
}
