/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that does nothing, for those tests that look at real ones. */
#ifndef IDLE_PROCESS_H
#define IDLE_PROCESS_H

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static pid_t idle_process_start(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void idle_process_end(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

#endif /* IDLE_PROCESS_H */
