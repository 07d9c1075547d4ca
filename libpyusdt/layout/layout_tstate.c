// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file searches the calling thread's memory around its thread pointer for where
 * CPython keeps the pointer to the thread state, and a second thread's to see that it is
 * no coincidence.
 */
#include "layout/layout_tstate.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/safe_read.h"
#include "base/thread.h"

/*
 * CPython keeps it in pthread-specific data up to 3.14, which glibc has in struct pthread
 * for the first keys, above the thread pointer on x86-64 and below it on arm64; and in
 * static TLS from 3.15 on, below it on x86-64 and above it on arm64.
 */
#define BELOW (16L * 1024)
#define ABOVE (16L * 1024)

/* Any power of two will do that is no larger than a page. */
#define PAGE_SIZE 4096

#define MAX_CANDIDATES 32

struct candidates {
	int64_t offsets[MAX_CANDIDATES];
	int count;
};

/* The second thread. */
struct second {
	PyInterpreterState *interp;
	struct candidates *candidates;
	pid_t tid;
	bool ran;
};

static char *thread_pointer(void)
{
	return __builtin_thread_pointer();
}

void *layout_tstate_at(int64_t offset)
{
	void *value = NULL;

	return safe_read(&value, thread_pointer(), offset, sizeof(value)) ? value : NULL;
}

/* Some pages around the thread pointer may not be mapped. */
static void find_in_page(const char *page, size_t size, const void *state,
			 struct candidates *candidates)
{
	char copy[PAGE_SIZE];

	if (!safe_read(copy, page, 0, size))
		return;
	for (size_t i = 0; i + sizeof(state) <= size; i += sizeof(state))
		if (!memcmp(copy + i, &state, sizeof(state)) &&
		    candidates->count < MAX_CANDIDATES)
			candidates->offsets[candidates->count++] =
				page + i - thread_pointer();
}

static void find_candidates(const void *state, struct candidates *candidates)
{
	const char *end = thread_pointer() + ABOVE;
	size_t size;

	for (const char *at = thread_pointer() - BELOW; at < end; at += size) {
		size = PAGE_SIZE - (uintptr_t)at % PAGE_SIZE;
		find_in_page(at, size, state, candidates);
	}
}

static void keep_those_with(const void *state, struct candidates *candidates)
{
	int kept = 0;

	for (int i = 0; i < candidates->count; i++)
		if (layout_tstate_at(candidates->offsets[i]) == state)
			candidates->offsets[kept++] = candidates->offsets[i];
	candidates->count = kept;
}

static void *in_second_thread(void *argument)
{
	struct second *second = argument;
	PyThreadState *state = PyThreadState_New(second->interp);

	second->tid = (pid_t)syscall(SYS_gettid);
	if (!state)
		return NULL;
	PyEval_AcquireThread(state);
	keep_those_with(state, second->candidates);
	PyEval_SaveThread();
	keep_those_with(state, second->candidates);
	PyEval_RestoreThread(state);
	PyThreadState_Clear(state);
	PyEval_ReleaseThread(state);
	PyThreadState_Delete(state);
	second->ran = true;
	return NULL;
}

/* Without the GIL. Returns: whether there could be a second thread. */
static bool keep_those_of_second_thread(struct second *second)
{
	pthread_t thread;

	if (thread_start(&thread, in_second_thread, second) < 0)
		return false;
	thread_join(thread, &second->tid);
	return second->ran;
}

bool layout_find_tstate(__s64 *offset, const char **why)
{
	struct candidates candidates = {.count = 0};
	struct second second = {PyInterpreterState_Get(), &candidates, 0, false};
	PyThreadState *state = PyThreadState_Get();
	bool compared;

	*why = safe_read_refusal();
	if (*why)
		return false;
	find_candidates(state, &candidates);
	PyEval_SaveThread();
	keep_those_with(state, &candidates);
	compared = keep_those_of_second_thread(&second);
	PyEval_RestoreThread(state);
	if (!compared) {
		*why = "no second thread could be started to find the thread state";
		return false;
	}
	if (!candidates.count) {
		*why = "threads do not keep their PyThreadState where BPF can find it";
		return false;
	}
	*offset = candidates.offsets[0];
	return true;
}
