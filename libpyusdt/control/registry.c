// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file keeps the list of the interpreters in which events are armed. The watcher
 * goes along it without any GIL, while interpreters are armed, disarmed and ended.
 */
#include "control/registry.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <pthread.h>

#include "monitoring/interp.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t visit_ended = PTHREAD_COND_INITIALIZER;

/* Protected by `lock`. */
static struct interp *interps;
static struct interp *visited; /* the one that registry_visit() is at */

/* The sum of what is armed in each; written with `lock` held, atomic. */
static uint64_t armed_anywhere;

/* Caller holds `lock`. */
static void sum_up(void)
{
	uint64_t armed = 0;

	for (struct interp *interp = interps; interp; interp = interp->next)
		armed |= interp->armed;
	__atomic_store_n(&armed_anywhere, armed, __ATOMIC_RELAXED);
}

uint64_t registry_armed(void)
{
	return __atomic_load_n(&armed_anywhere, __ATOMIC_RELAXED);
}

bool registry_is_empty(void)
{
	bool is;

	pthread_mutex_lock(&lock);
	is = !interps;
	pthread_mutex_unlock(&lock);
	return is;
}

void registry_add(struct interp *interp)
{
	pthread_mutex_lock(&lock);
	if (!interp->listed) {
		interp->next = interps;
		interps = interp;
		interp->listed = true;
	}
	sum_up();
	pthread_mutex_unlock(&lock);
}

void registry_remove(struct interp *interp)
{
	pthread_mutex_lock(&lock);
	for (struct interp **at = &interps; *at; at = &(*at)->next) {
		if (*at == interp) {
			*at = interp->next;
			break;
		}
	}
	interp->listed = false;
	sum_up();
	pthread_mutex_unlock(&lock);
}

void registry_set(struct interp *interp, uint64_t armed, uint64_t active)
{
	pthread_mutex_lock(&lock);
	interp->retry = false;
	__atomic_store_n(&interp->armed, armed, __ATOMIC_RELAXED);
	__atomic_store_n(&interp->active, active, __ATOMIC_RELAXED);
	sum_up();
	pthread_mutex_unlock(&lock);
}

void registry_set_retry(struct interp *interp)
{
	pthread_mutex_lock(&lock);
	interp->retry = true;
	pthread_mutex_unlock(&lock);
}

/* Caller holds `lock`. Returns: @interp, or the first behind it that is not in step. */
static struct interp *first_out_of_step(struct interp *interp,
					bool (*is_in_step)(const struct interp *interp))
{
	while (interp && is_in_step(interp))
		interp = interp->next;
	return interp;
}

int registry_visit(int (*visit)(struct interp *interp),
		   bool (*is_in_step)(const struct interp *interp))
{
	int result = 0;

	pthread_mutex_lock(&lock);
	visited = first_out_of_step(interps, is_in_step);
	while (visited) {
		struct interp *last;
		int one;

		pthread_mutex_unlock(&lock);
		one = visit(visited);
		pthread_mutex_lock(&lock);
		/* Where it is no longer listed, the list has changed: look at it anew
		 * later. */
		last = visited;
		visited = last->listed ? first_out_of_step(last->next, is_in_step) : NULL;
		if (!last->listed && interps)
			one = -EAGAIN;
		if (result >= 0 && one)
			result = one;
		pthread_cond_broadcast(&visit_ended);
	}
	pthread_mutex_unlock(&lock);
	return result;
}

void registry_wait_until_unvisited(const struct interp *interp)
{
	PyThreadState *state = PyEval_SaveThread();

	pthread_mutex_lock(&lock);
	while (visited == interp)
		pthread_cond_wait(&visit_ended, &lock);
	pthread_mutex_unlock(&lock);
	PyEval_RestoreThread(state);
}

bool registry_is_visited(const struct interp *interp)
{
	bool is;

	pthread_mutex_lock(&lock);
	is = visited == interp;
	pthread_mutex_unlock(&lock);
	return is;
}

void registry_fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

void registry_fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* Only this thread is left: a change that another one was at will never end. */
bool registry_fork_child(void)
{
	bool orphaned = false;

	visited = NULL;
	for (struct interp *interp = interps; interp; interp = interp->next) {
		if (ticketlock_is_orphaned(&interp->changing)) {
			interp->retry = true;
			orphaned = true;
		}
	}
	pthread_cond_init(&visit_ended, NULL);
	pthread_mutex_unlock(&lock);
	return orphaned;
}
