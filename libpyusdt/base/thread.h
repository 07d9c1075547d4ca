/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * These functions start and join threads of our own in a program that knows nothing of
 * them.
 */
#ifndef PYUSDT_THREAD_H
#define PYUSDT_THREAD_H

#include <pthread.h>
#include <sys/types.h>

/*
 * Start a thread with a small stack and all signals blocked: those are for the program's
 * threads. It is to be joined.
 *
 * Returns: 0; -EAGAIN when there are as many as there may be, -ENOMEM, -EIO when the
 * system refuses for another reason.
 */
int thread_start(pthread_t *thread, void *(*function)(void *), void *argument);

/*
 * Wait for the thread to end, until the kernel too has forgotten it: CPython counts what
 * is in /proc. @tid: its kernel id, which the thread itself may have written.
 */
void thread_join(pthread_t thread, const pid_t *tid);

/*
 * Have @function run by a thread that lives no longer, and wait for it, @msec
 * milliseconds at most, or without limit where that is negative.
 *
 * Returns: 0, and the kernel too has forgotten the thread; -ETIMEDOUT where it goes on by
 * itself; as thread_start() where it did not begin.
 */
int thread_run(void *(*function)(void *argument), int msec);

#endif /* PYUSDT_THREAD_H */
