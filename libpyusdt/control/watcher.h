/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watcher is the thread that looks at the tracers' semaphores, one per process. A
 * tick on which nothing has changed reads them and nothing else. It looks when it
 * begins, at each tick, and before it ends.
 */
#ifndef PYUSDT_WATCHER_H
#define PYUSDT_WATCHER_H

#include <stdbool.h>

/*
 * @sync: what the thread calls, holding nothing, when it sees a change. It brings every
 * armed interpreter in step with what is watched, and returns 1 when that changed
 * something, 0 when not, an error when one is not in step and should be tried again.
 * Before the first watcher_update().
 */
void watcher_set_sync(int (*sync)(void));

/*
 * Start or stop the thread, as long as an interpreter is armed and a poll interval is
 * set, or let it take note of a new one. After stopping, the thread is gone. Needs the
 * GIL, and lets go of it while it waits for the thread to end.
 *
 * Returns: 0; as thread_start() when the thread could not be started.
 */
int watcher_update(void);

/* This is watcher_update(), but keeps the GIL: the thread must not be waiting for it. */
int watcher_update_with_gil(void);

/* Returns: whether this thread waits for the watcher to end. */
bool watcher_is_stopping(void);

/* Make the next tick compare in full: what is armed has changed. */
void watcher_look_again(void);

/*
 * End the thread, so that a fork sees none, until watcher_resume(). Calls nest. Needs the
 * GIL, and lets go of it while it waits. All is in step by then, so that a child begins
 * with what was watched. The kernel too has forgotten the thread when this returns:
 * CPython counts what is in /proc.
 */
void watcher_pause(void);
void watcher_resume(void);

/*
 * End the thread, and start no other in this process. For a thread that is about to end
 * and has nothing of Python left.
 */
void watcher_abandon(void);

/* Around fork(). */
void watcher_fork_prepare(void);
void watcher_fork_parent(void);
void watcher_fork_child(void);

#endif /* PYUSDT_WATCHER_H */
