// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where the groups are mounted they are folders. In /proc their names are from the root
 * of the groups on, which may be another one than the mount's in a container.
 */
#include "cgroup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The second is for hosts that have version 1, too. */
static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

/* Returns: NULL where there is none. */
static const char *find_mount(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/cgroup.controllers", mounts[i]);
		if (!access(path, F_OK))
			return mounts[i];
	}
	return NULL;
}

static bool has_no_odd_parts(const char *name)
{
	return !strstr(name, "//") && !strstr(name, "/./") && !strstr(name, "/../") &&
	       !strchr(name, '\n');
}

static bool is_folder(const char *mount, const char *name)
{
	char path[PATH_MAX];
	struct stat status;
	int size = snprintf(path, sizeof(path), "%s%s", mount, name);

	return size > 0 && size < PATH_MAX && !stat(path, &status) &&
	       S_ISDIR(status.st_mode);
}

/* Returns: what follows @mount in @text, or all of it. */
static const char *below(const char *text, const char *mount)
{
	size_t size = strlen(mount);

	if (strncmp(text, mount, size) != 0 || (text[size] && text[size] != '/'))
		return text;
	return text + size;
}

char *cgroup_find(const char *text, const char **why)
{
	const char *mount = find_mount();
	size_t size;
	char *name;

	*why = mount ? "there is no such control group" : "there are no control groups";
	if (!mount)
		return NULL;
	text = below(text, mount);
	/* With a slash at both ends, so that its parts can be told. */
	if (asprintf(&name, "%s%s/", *text == '/' ? "" : "/", text) < 0) {
		*why = "out of memory";
		return NULL;
	}
	size = strlen(name);
	while (size > 1 && name[size - 2] == '/')
		name[--size] = 0;
	if (has_no_odd_parts(name) && is_folder(mount, name)) {
		name[size - 1] = 0;
		return name;
	}
	free(name);
	return NULL;
}

bool cgroup_is_within(const char *text, const char *name)
{
	const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	size_t size = strlen(name);

	if (!line)
		return false;
	line += *line == '\n';
	line += strlen("0::");
	/* Without an end it has been cut. */
	if (!strchr(line, '\n') || strncmp(line, name, size) != 0)
		return false;
	return !size || line[size] == '/' || line[size] == '\n';
}
