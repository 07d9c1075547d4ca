// SPDX-License-Identifier: BSD-2-Clause
/* This file starts and joins threads that the traced program does not notice. */
#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Enough for CPython to set events and to run an audit hook written in Python. */
#define STACK_SIZE (512UL * 1024)

/* Returns: pthread_create()'s error as one that the public functions may return. */
static int public_error(int error)
{
	switch (error) {
	case 0:
		return 0;
	case EAGAIN:
	case ENOMEM:
		return -error;
	}
	return -EIO;
}

int thread_start(pthread_t *thread, void *(*function)(void *), void *argument)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, &attributes, function, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return public_error(error);
}

void thread_join(pthread_t thread, const pid_t *tid)
{
	pthread_join(thread, NULL);
	/* A thread is joined a moment before the kernel takes it out of /proc. */
	while (syscall(SYS_tgkill, getpid(), *tid, 0) == 0)
		sched_yield();
}
