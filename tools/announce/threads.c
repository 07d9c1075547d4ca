// SPDX-License-Identifier: BSD-2-Clause
/*
 * PyThreadState.thread_id is what pthread_self() gave, which on x86-64 is the thread
 * pointer, the register that BPF code sees.
 */
#include "threads.h"

#include <stdbool.h>

/* The lists may be circles. */
#define MAX_INTERPRETERS 64
#define MAX_LIST         256

/*
 * On x86-64 the first word at the thread pointer is the thread pointer itself. A state
 * that has no thread yet, or whose thread has ended, is of no use.
 */
static bool is_thread(struct remote *remote, const struct thread *thread)
{
	return thread->pointer && remote_word(remote, thread->pointer) == thread->pointer;
}

static void find_of_interpreter(struct remote *remote, uint64_t interpreter,
				const struct internals *internals, uint32_t thread_id,
				struct threads *threads)
{
	uint64_t state = remote_word(remote, interpreter + internals->first_thread);

	for (int i = 0; state && i < MAX_LIST && threads->count < MAX_THREADS; i++) {
		struct thread thread = {state, remote_word(remote, state + thread_id)};

		if (is_thread(remote, &thread))
			threads->list[threads->count++] = thread;
		state = remote_word(remote, state + internals->next_thread);
	}
}

void threads_find(struct remote *remote, uint64_t runtime,
		  const struct internals *internals, uint32_t thread_id,
		  struct threads *threads)
{
	uint64_t interpreter =
		remote_word(remote, runtime + internals->first_interpreter);

	threads->count = 0;
	for (int i = 0; interpreter && i < MAX_INTERPRETERS; i++) {
		find_of_interpreter(remote, interpreter, internals, thread_id, threads);
		interpreter =
			remote_word(remote, interpreter + internals->next_interpreter);
	}
}
