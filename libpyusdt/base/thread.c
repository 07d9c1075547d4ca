// SPDX-License-Identifier: BSD-2-Clause
/* This file starts and joins threads that the traced program does not notice. */
#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
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

/* A thread is joined a moment before the kernel takes it out of /proc. */
static void wait_until_gone(pid_t tid)
{
	while (syscall(SYS_tgkill, getpid(), tid, 0) == 0)
		sched_yield();
}

void thread_join(pthread_t thread, const pid_t *tid)
{
	pthread_join(thread, NULL);
	wait_until_gone(*tid);
}

/* Of thread_run(): freed by the one of the two threads that is the last to need it. */
struct errand {
	void *(*function)(void *argument);
	pid_t tid;
	int users; /* atomic */
};

static void errand_drop(struct errand *errand)
{
	if (__atomic_sub_fetch(&errand->users, 1, __ATOMIC_ACQ_REL) == 0)
		free(errand);
}

static void *errand_run(void *argument)
{
	struct errand *errand = argument;

	errand->tid = (pid_t)syscall(SYS_gettid);
	errand->function(NULL);
	errand_drop(errand);
	return NULL;
}

static int join_within(pthread_t thread, int msec)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += msec / 1000;
	until.tv_nsec += (long)(msec % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until);
}

int thread_run(void *(*function)(void *argument), int msec)
{
	struct errand *errand = malloc(sizeof(*errand));
	pthread_t thread;
	int error;

	if (!errand)
		return -ENOMEM;
	*errand = (struct errand){.function = function, .users = 2};
	error = thread_start(&thread, errand_run, errand);
	if (error) {
		free(errand);
		return error;
	}
	error = -join_within(thread, msec);
	if (error)
		pthread_detach(thread);
	else
		wait_until_gone(errand->tid);
	errand_drop(errand);
	return error;
}
