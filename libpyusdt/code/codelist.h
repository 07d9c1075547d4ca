/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This list has the metadata of all code objects of all interpreters, for whoever has
 * no GIL: the watcher announces code objects from it.
 */
#ifndef PYUSDT_CODELIST_H
#define PYUSDT_CODELIST_H

#include <stdbool.h>

struct codelink {
	struct codelink *next;
	struct codelink *previous;
	bool is_cursor; /* the place of a walk, not metadata */
};

/* Any thread. What is added is read by walks until it is taken out again. */
void codelist_add(struct codelink *link);
void codelist_remove(struct codelink *link);

/*
 * Call @visit for each, in the order in which they were added. It must not add or remove
 * any, nor wait for the GIL; whoever wants to in the meantime is let in now and then. Any
 * thread, no GIL needed.
 */
void codelist_walk(void (*visit)(struct codelink *link));

/* Around fork(): nobody else is within the lock, and the walks of others end. */
void codelist_fork_prepare(void);
void codelist_fork_parent(void);
void codelist_fork_child(void);

#endif /* PYUSDT_CODELIST_H */
