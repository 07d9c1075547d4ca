// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file is the watcher thread: it compares the tracers' semaphores with what they
 * were at its last look, and has interpreters changed when they differ. It also starts
 * and ends that thread, which forks and the end of Python must not meet.
 */
#include "control/watcher.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/monotonic.h"
#include "base/thread.h"
#include "control/announce.h"
#include "control/options.h"
#include "control/registry.h"
#include "probes/probes.h"

#define THREAD_NAME "pyusdt"

/*
 * How long nothing is changed after a change, and after one that failed. CPython counts
 * changes of instrumentation in 24 bits, and a tracer that comes and goes in a loop must
 * not use them up.
 */
#define MSEC_AFTER_CHANGE  100
#define MSEC_AFTER_FAILURE 1000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Protected by `lock`, but for what is atomic. */
static struct {
	sem_t wake;            /* the thread shall look up */
	pthread_cond_t joined; /* the thread has begun or ended */
	pthread_t thread;
	pid_t tid;    /* 0 until the thread has begun */
	bool running; /* there is a thread, joinable */
	bool stop;    /* ... that is asked to end and about to be joined; atomic */
	unsigned int paused;
	bool abandoned;    /* for the rest of this process */
	int (*sync)(void); /* what a change asks for; atomic */
} watcher = {.joined = PTHREAD_COND_INITIALIZER};

/* This thread waits for the watcher to begin or to end. */
static _Thread_local bool stopping;

/* What is armed has changed: compare in full though semaphores have not. Atomic. */
static bool look_again;

/*
 * Until then, as monotonic_msec() tells the time, nothing is changed. It is used by the
 * thread only, and stays when one thread ends and the next one begins.
 */
static int64_t quiet_until;

void watcher_look_again(void)
{
	__atomic_store_n(&look_again, true, __ATOMIC_RELEASE);
}

void watcher_set_sync(int (*sync)(void))
{
	__atomic_store_n(&watcher.sync, sync, __ATOMIC_RELEASE);
}

/* Wait for @msec or until woken. */
static void wait_msec(unsigned int msec)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += msec / 1000;
	until.tv_nsec += (long)(msec % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	/* A condition variable of glibc would make one more system call per time-out. */
	sem_clockwait(&watcher.wake, CLOCK_MONOTONIC, &until);
}

/* Returns: after how long to look again. */
static unsigned int interval(void)
{
	int64_t quiet = quiet_until - monotonic_msec();
	unsigned int msec = options_poll_msec();

	return quiet > msec ? (unsigned int)quiet : msec;
}

static bool asked_to_stop(void)
{
	return __atomic_load_n(&watcher.stop, __ATOMIC_ACQUIRE);
}

/* @seen: what was watched when all was in step. */
static void look(uint64_t *seen)
{
	uint64_t watched = probes_watched();
	int result;

	announce(watched & registry_armed());
	if (watched == *seen && !__atomic_load_n(&look_again, __ATOMIC_ACQUIRE))
		return;
	if (monotonic_msec() < quiet_until)
		return;
	__atomic_store_n(&look_again, false, __ATOMIC_RELAXED);
	result = __atomic_load_n(&watcher.sync, __ATOMIC_ACQUIRE)();
	if (result < 0)
		watcher_look_again();
	else
		*seen = watched;
	if (result)
		quiet_until = monotonic_msec() +
			      (result < 0 ? MSEC_AFTER_FAILURE : MSEC_AFTER_CHANGE);
}

static void *watch(void *unused)
{
	uint64_t seen = 0;
	bool last;

	(void)unused;
	pthread_mutex_lock(&lock);
	watcher.tid = (pid_t)syscall(SYS_gettid);
	pthread_cond_broadcast(&watcher.joined);
	pthread_mutex_unlock(&lock);
	/*
	 * First of all, and once more when asked to stop: where the program forks all the
	 * time, each of these threads is there for a moment only.
	 */
	for (;;) {
		last = asked_to_stop();
		look(&seen);
		if (last)
			return NULL;
		wait_msec(interval());
	}
}

/* Caller holds `lock`, and there is no thread. Returns: as watcher_update(). */
static int start(void)
{
	int error;

	sem_init(&watcher.wake, 0, 0);
	watcher.tid = 0;
	/* It does not know what is instrumented: before a fork that may be something. */
	watcher_look_again();
	error = thread_start(&watcher.thread, watch, NULL);
	if (error)
		return error;
	pthread_setname_np(watcher.thread, THREAD_NAME);
	watcher.running = true;
	return 0;
}

/*
 * Caller holds `lock`, which is let go of in between, and not the GIL. There is a thread,
 * which may be there still afterwards.
 */
static void stop(void)
{
	pthread_t thread;
	pid_t tid;

	/* Another thread that is at this, too, has it stopped: our caller looks again. */
	if (watcher.stop || !watcher.tid) {
		pthread_cond_wait(&watcher.joined, &lock);
		return;
	}
	thread = watcher.thread;
	tid = watcher.tid;
	__atomic_store_n(&watcher.stop, true, __ATOMIC_RELEASE);
	sem_post(&watcher.wake);
	pthread_mutex_unlock(&lock);
	thread_join(thread, &tid);
	pthread_mutex_lock(&lock);
	watcher.running = false;
	watcher.stop = false;
	pthread_cond_broadcast(&watcher.joined);
}

/* Caller holds `lock`. Returns: whether there shall be a thread. */
static bool wanted(void)
{
	return !watcher.paused && !watcher.abandoned && !registry_is_empty() &&
	       options_poll_msec() > 0;
}

/* Caller holds `lock`, and not the GIL. Returns: as watcher_update(). */
static int settle(void)
{
	stopping = true;
	while (watcher.running && !wanted())
		stop();
	stopping = false;
	if (!watcher.running && wanted())
		return start();
	if (watcher.running)
		sem_post(&watcher.wake);
	return 0;
}

bool watcher_is_stopping(void)
{
	return stopping;
}

int watcher_update_with_gil(void)
{
	int error;

	pthread_mutex_lock(&lock);
	error = settle();
	pthread_mutex_unlock(&lock);
	return error;
}

int watcher_update(void)
{
	PyThreadState *state = PyEval_SaveThread();
	int error = watcher_update_with_gil();

	PyEval_RestoreThread(state);
	return error;
}

void watcher_pause(void)
{
	pthread_mutex_lock(&lock);
	watcher.paused++;
	pthread_mutex_unlock(&lock);
	watcher_update();
}

void watcher_resume(void)
{
	pthread_mutex_lock(&lock);
	/* An embedder may tell CPython of the end of a fork only. */
	if (watcher.paused)
		watcher.paused--;
	pthread_mutex_unlock(&lock);
	/* Where the thread cannot be started now, the next change or fork tries again. */
	watcher_update();
}

void watcher_abandon(void)
{
	pthread_mutex_lock(&lock);
	watcher.abandoned = true;
	settle();
	pthread_mutex_unlock(&lock);
}

void watcher_fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

void watcher_fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* The thread stayed in the parent. */
void watcher_fork_child(void)
{
	watcher.running = false;
	watcher.stop = false;
	/* Other threads that were about to fork are not here to resume it. */
	if (watcher.paused > 1)
		watcher.paused = 1;
	watcher.abandoned = false;
	pthread_cond_init(&watcher.joined, NULL);
	pthread_mutex_unlock(&lock);
}
