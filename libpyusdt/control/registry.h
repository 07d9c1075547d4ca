/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registry knows the armed interpreters of the process: their list, the sum of what
 * is armed, and how a thread without a GIL visits each of them. Of struct interp it
 * uses the fields that belong to it, and no others.
 */
#ifndef PYUSDT_REGISTRY_H
#define PYUSDT_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

struct interp;

/* To add or to remove one twice does no harm. */
void registry_add(struct interp *interp);
void registry_remove(struct interp *interp);

/* A change of @interp has been made: these events are armed, and these instrumented. */
void registry_set(struct interp *interp, uint64_t armed, uint64_t active);

/* A change of @interp could not be made, and is to be tried again. */
void registry_set_retry(struct interp *interp);

/* Returns: the events that are armed in any interpreter. Takes no lock. */
uint64_t registry_armed(void);

bool registry_is_empty(void);

/*
 * Call @visit, without the lock, for each interpreter that is not in step, which
 * @is_in_step is asked with the lock held. No interpreter goes while it is visited: its
 * end waits for that with registry_wait_until_unvisited(). One thread at a time.
 *
 * Returns: what the first @visit did that was not 0; -EAGAIN when the list changed on the
 * way, and is to be gone through again.
 */
int registry_visit(int (*visit)(struct interp *interp),
		   bool (*is_in_step)(const struct interp *interp));

/* Needs the GIL, and lets go of it while it waits. */
void registry_wait_until_unvisited(const struct interp *interp);

/* Returns: whether a thread is at it that waits for its GIL. */
bool registry_is_visited(const struct interp *interp);

/* Around fork(): nobody else is within the lock. */
void registry_fork_prepare(void);
void registry_fork_parent(void);

/* Returns: whether another thread was at a change, which is to be tried again here. */
bool registry_fork_child(void);

#endif /* PYUSDT_REGISTRY_H */
