// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file is a list that is walked without the GIL while it changes. A walk lets go of
 * the lock every now and then, and leaves a cursor in the list where it was.
 */
#include "code/codelist.h"

#include <pthread.h>

/* Visits made before the lock is let go of: with a tracer each takes about 1 us. */
#define VISITS_AT_ONCE 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* A ring. Protected by `lock`. */
static struct codelink head = {&head, &head, false};

static void insert_before(struct codelink *link, struct codelink *next)
{
	link->next = next;
	link->previous = next->previous;
	next->previous->next = link;
	next->previous = link;
}

static void take_out(struct codelink *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
}

void codelist_add(struct codelink *link)
{
	link->is_cursor = false;
	pthread_mutex_lock(&lock);
	insert_before(link, &head);
	pthread_mutex_unlock(&lock);
}

void codelist_remove(struct codelink *link)
{
	pthread_mutex_lock(&lock);
	take_out(link);
	pthread_mutex_unlock(&lock);
}

void codelist_walk(void (*visit)(struct codelink *link))
{
	struct codelink cursor = {.is_cursor = true};
	struct codelink *link;
	int visits = 0;

	pthread_mutex_lock(&lock);
	for (link = head.next; link != &head; link = link->next) {
		if (link->is_cursor)
			continue;
		visit(link);
		if (++visits % VISITS_AT_ONCE)
			continue;
		/* What is there now may be gone when the lock is had again. */
		insert_before(&cursor, link->next);
		pthread_mutex_unlock(&lock);
		pthread_mutex_lock(&lock);
		link = cursor.previous;
		take_out(&cursor);
	}
	pthread_mutex_unlock(&lock);
}

void codelist_fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

void codelist_fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

void codelist_fork_child(void)
{
	struct codelink *next;

	/* The cursors are on the stacks of threads that are not here. */
	for (struct codelink *link = head.next; link != &head; link = next) {
		next = link->next;
		if (link->is_cursor)
			take_out(link);
	}
	pthread_mutex_unlock(&lock);
}
