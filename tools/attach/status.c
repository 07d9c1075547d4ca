// SPDX-License-Identifier: BSD-2-Clause
#include "status.h"

#include <stdlib.h>
#include <string.h>

/* The fourth of the numbers: the one for files. */
static unsigned int last_id(const char *text)
{
	unsigned int id = 0;

	sscanf(text, "%*u %*u %*u %u", &id);
	return id;
}

static void take(const char *name, const char *value, struct status *status)
{
	if (!strcmp(name, "State"))
		status->state = *value;
	else if (!strcmp(name, "Tgid"))
		status->tgid = (pid_t)strtol(value, NULL, 10);
	else if (!strcmp(name, "TracerPid"))
		status->tracer = (pid_t)strtol(value, NULL, 10);
	else if (!strcmp(name, "Uid"))
		status->uid = last_id(value);
	else if (!strcmp(name, "Gid"))
		status->gid = last_id(value);
	else if (!strcmp(name, "Seccomp"))
		status->seccomp = (int)strtol(value, NULL, 10);
	else if (!strcmp(name, "SigBlk"))
		status->blocked = strtoull(value, NULL, 16);
	else if (!strcmp(name, "SigPnd") || !strcmp(name, "ShdPnd"))
		status->pending |= strtoull(value, NULL, 16);
	else if (!strcmp(name, "SigCgt"))
		status->caught = strtoull(value, NULL, 16);
	else if (!strcmp(name, "x86_Thread_features"))
		status->shadow_stack = strstr(value, "shstk");
}

bool status_read(FILE *file, struct status *status)
{
	char *line = NULL;
	size_t size = 0;

	*status = (struct status){0};
	while (getline(&line, &size, file) > 0) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = 0;
		take(line, colon + 1 + strspn(colon + 1, " \t"), status);
	}
	free(line);
	return status->state && status->tgid;
}

const char *status_refusal(const struct status *status, pid_t pid)
{
	if (status->tgid != pid)
		return "this is a thread: give the id of its process";
	switch (status->state) {
	case 'T':
		return "it is stopped by a signal: continue it first, as kill -CONT does";
	case 'Z':
	case 'X':
		return "it has ended, or its main thread has";
	}
	if (status->tracer || status->state == 't')
		return "a debugger, strace or the like is attached to it: end that first";
	if (status->seccomp == 1)
		return "seccomp allows it no system call that would load a library";
	if (status->shadow_stack)
		return "it runs with a shadow stack, which does not allow this";
	return NULL;
}
