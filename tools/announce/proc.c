// SPDX-License-Identifier: BSD-2-Clause
/* Files of /proc, whose form is the kernel's and whose content may be the process'. */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"

#define MAX_NAME 64

/* /proc itself: paths from there are shorter to walk, and each process costs one. */
static int proc_fd = -1;

const char *proc_open(void)
{
	char self[MAX_NAME], own[MAX_NAME];
	ssize_t size;

	proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd < 0)
		return "there is no /proc";
	size = readlinkat(proc_fd, "self", self, sizeof(self) - 1);
	self[size > 0 ? size : 0] = 0;
	snprintf(own, sizeof(own), "%d", getpid());
	if (strcmp(self, own) != 0)
		return "/proc is not that of this process id namespace: mount it anew";
	return NULL;
}

static const char *name_of(char name[MAX_NAME], pid_t pid, const char *file)
{
	snprintf(name, MAX_NAME, "%d/%s", pid, file);
	return name;
}

static int open_file(pid_t pid, const char *file)
{
	char name[MAX_NAME];

	return openat(proc_fd, name_of(name, pid, file), O_RDONLY | O_CLOEXEC);
}

/* Returns: how many bytes, with a NUL after them; -1 on failure. */
static ssize_t read_file(pid_t pid, const char *file, char *to, size_t size)
{
	int fd = open_file(pid, file);
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, to, size - 1);
	close(fd);
	if (got >= 0)
		to[got] = 0;
	return got;
}

bool proc_each(void (*each)(pid_t pid, void *context), void *context)
{
	int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(directory)))
		if (isdigit((unsigned char)entry->d_name[0]))
			each((pid_t)strtol(entry->d_name, NULL, 10), context);
	closedir(directory);
	return true;
}

/* Not by a look into /proc, which costs ten times as much where it has ended. */
bool proc_exists(pid_t pid)
{
	return !kill(pid, 0) || errno != ESRCH;
}

bool proc_owner(pid_t pid, uid_t *user)
{
	char name[MAX_NAME];
	struct stat status;

	if (fstatat(proc_fd, name_of(name, pid, ""), &status, 0))
		return false;
	*user = status.st_uid;
	return true;
}

bool proc_program(pid_t pid, struct program_id *id)
{
	char name[MAX_NAME];
	struct stat status;

	if (fstatat(proc_fd, name_of(name, pid, "exe"), &status, 0))
		return false;
	*id = (struct program_id){status.st_dev, status.st_ino};
	return true;
}

/* The line of that name; the kernel has escaped the only text of the process' own. */
static bool read_number(const char *text, const char *name, unsigned int *number)
{
	const char *line = strstr(text, name);

	if (!line)
		return false;
	*number = (unsigned int)strtoul(line + strlen(name), NULL, 10);
	return true;
}

bool proc_status(pid_t pid, pid_t *parent, uid_t *user)
{
	char text[2048];
	unsigned int its_parent, its_user;

	if (read_file(pid, "status", text, sizeof(text)) < 0 ||
	    !read_number(text, "\nPPid:\t", &its_parent) ||
	    !read_number(text, "\nUid:\t", &its_user))
		return false;
	*parent = (pid_t)its_parent;
	*user = its_user;
	return true;
}

bool proc_code(pid_t pid, unsigned int *kib)
{
	char text[2048];

	return read_file(pid, "status", text, sizeof(text)) >= 0 &&
	       read_number(text, "\nVmLib:\t", kib);
}

bool proc_is_in_cgroup(pid_t pid, const char *name)
{
	char text[CGROUP_MAX];

	return read_file(pid, "cgroup", text, sizeof(text)) > 0 &&
	       cgroup_is_within(text, name);
}

bool proc_command(pid_t pid, char *to, size_t size)
{
	ssize_t got = read_file(pid, "cmdline", to, size);

	if (got < 0)
		return false;
	while (got > 0 && !to[got - 1])
		got--;
	for (ssize_t i = 0; i < got; i++)
		if (!to[i])
			to[i] = ' ';
	return true;
}

/* As it is in maps, too: both are seen from our root. */
static void read_program(pid_t pid, char path[MAPS_PATH])
{
	char name[MAX_NAME];
	ssize_t size =
		readlinkat(proc_fd, name_of(name, pid, "exe"), path, MAPS_PATH - 1);

	path[size > 0 ? size : 0] = 0;
}

static FILE *open_maps(pid_t pid)
{
	int fd = open_file(pid, "maps");
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

bool proc_look(pid_t pid, struct maps *maps, struct look *look)
{
	struct remote_process process;
	FILE *file = open_maps(pid);
	char program[MAPS_PATH], buffer[16384];

	if (!file) {
		*maps = (struct maps){0};
		*look = (struct look){
			.finding = FOUND_HIDDEN,
			.why = "its memory may not be read: run as root, or with "
			       "CAP_SYS_PTRACE",
		};
		return errno == EACCES || errno == EPERM;
	}
	/* The kernel gives a page at a time, and stdio would ask for less. */
	setvbuf(file, buffer, _IOFBF, sizeof(buffer));
	read_program(pid, program);
	maps_read(file, program, maps);
	fclose(file);
	remote_process_open(&process, pid);
	look_at(&process.remote, maps, look);
	/* It may be there, ended, until its parent has asked for its status. */
	return look->finding == FOUND_LAYOUT ||
	       (process.remote.error != ESRCH && proc_exists(pid));
}
