// SPDX-License-Identifier: BSD-2-Clause
/* The process ids, the user and the control group of the command line. */
#include "selection.h"

#include <ctype.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"

static int compare(const void *one, const void *other)
{
	pid_t first = *(const pid_t *)one, second = *(const pid_t *)other;

	return (first > second) - (first < second);
}

bool selection_names(const struct selection *selection, pid_t pid)
{
	return selection->count &&
	       bsearch(&pid, selection->pids, selection->count, sizeof(pid), compare);
}

static bool add(struct selection *selection, pid_t pid)
{
	pid_t *more;

	if (selection_names(selection, pid))
		return true;
	more = reallocarray(selection->pids, selection->count + 1, sizeof(*more));
	if (!more)
		return false;
	selection->pids = more;
	more[selection->count++] = pid;
	qsort(more, selection->count, sizeof(*more), compare);
	return true;
}

/* Digits only. Returns: -1 where it is no number up to @largest. */
static long long read_number(const char *text, char **end, long long largest)
{
	long long number;

	if (!isdigit((unsigned char)*text))
		return -1;
	number = strtoll(text, end, 10);
	return number > largest ? -1 : number;
}

const char *selection_add_pids(struct selection *selection, const char *text)
{
	char *end = NULL;

	selection->has_pids = true;
	do {
		long long pid = read_number(text, &end, INT_MAX);

		if (pid <= 0 || (*end && *end != ','))
			return "not a list of process ids, such as 12 or 12,34";
		if (!add(selection, (pid_t)pid))
			return "out of memory";
		text = end + 1;
	} while (*end);
	return NULL;
}

const char *selection_set_user(struct selection *selection, const char *name)
{
	const struct passwd *user = getpwnam(name);
	char *end = NULL;
	long long number = user ? user->pw_uid : read_number(name, &end, UINT_MAX - 1);

	if (number < 0 || (end && *end))
		return "there is no such user";
	selection->has_user = true;
	selection->user = (uid_t)number;
	return NULL;
}

const char *selection_set_cgroup(struct selection *selection, const char *path)
{
	const char *why;
	char *name = cgroup_find(path, &why);

	if (!name)
		return why;
	free(selection->cgroup);
	selection->cgroup = name;
	return NULL;
}

bool selection_is_all(const struct selection *selection)
{
	return !selection->has_pids && !selection->has_user && !selection->cgroup;
}

void selection_free(struct selection *selection)
{
	free(selection->cgroup);
	free(selection->pids);
}
