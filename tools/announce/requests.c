// SPDX-License-Identifier: BSD-2-Clause
/*
 * A byte on standard input asks, a byte on standard output answers. Probes are hit while
 * we run: once it is answered, each tracer has it.
 */
#include "requests.h"

#include <unistd.h>

static bool has_ended;

int requests_poll(struct pollfd *fds)
{
	if (has_ended)
		return 0;
	fds[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	return 1;
}

bool requests_take(void)
{
	struct pollfd fd;
	char bytes[64];

	if (!requests_poll(&fd) || poll(&fd, 1, 0) <= 0)
		return false;
	/* Who asks twice before the answer is answered once for both. */
	has_ended = read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0;
	return !has_ended;
}

void requests_answer(void)
{
	/* Who does not read it does not want it. */
	has_ended = write(STDOUT_FILENO, "\n", 1) != 1;
}
