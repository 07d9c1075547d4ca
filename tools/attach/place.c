// SPDX-License-Identifier: BSD-2-Clause
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where there may be room for a file in a process' root folder; the first that is. */
static const char *const folders[] = {"/tmp", "/dev/shm", "/var/tmp", "/run"};

static int open_within(int root, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static const char *failure(const char *what)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	return text;
}

/* As the user of the process; in a child, for these rights cannot be had back. */
static _Noreturn void try_to_open(const struct target *target, const char *path)
{
	int fd;

	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(target->status.gid) < 0 ||
			       setuid(target->status.uid) < 0))
		_exit(1);
	fd = open_within(target->root, path, O_RDONLY, RESOLVE_IN_ROOT);
	_exit(fd < 0);
}

static bool may_open(const struct target *target, const char *path)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		try_to_open(target, path);
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static bool is_executable(int fd)
{
	struct statvfs system;

	return fstatvfs(fd, &system) == 0 && !(system.f_flag & ST_NOEXEC);
}

/* Returns: whether the process has, by @path, the very file that is open as @fd. */
static bool has_the_same(const struct target *target, const char *path, int fd)
{
	int its = open_within(target->root, path, O_PATH, RESOLVE_IN_ROOT);
	struct stat there, here;
	bool same;

	if (its < 0)
		return false;
	same = fstat(its, &there) == 0 && fstat(fd, &here) == 0 &&
	       there.st_dev == here.st_dev && there.st_ino == here.st_ino &&
	       is_executable(its);
	close(its);
	return same && may_open(target, path);
}

/* A new file, which only its user can read, from one that is open, or a text. */
static int fill(int to, int from, const char *text, size_t size)
{
	char buffer[65536];
	ssize_t got = 0;

	if (from < 0)
		return write(to, text, size) == (ssize_t)size ? 0 : -1;
	for (off_t at = 0; (got = pread(from, buffer, sizeof(buffer), at)) > 0; at += got)
		if (write(to, buffer, (size_t)got) != got)
			return -1;
	return (int)got;
}

static int hand_over(const struct target *target, int fd)
{
	if (geteuid() == 0 && fchown(fd, target->status.uid, target->status.gid) < 0)
		return -1;
	return fchmod(fd, S_IRUSR);
}

static int create(const struct target *target, struct place *place, int from,
		  const char *text, size_t size)
{
	int fd = openat(place->folder, place->name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IWUSR);
	int result;

	if (fd < 0)
		return -1;
	result = fill(fd, from, text, size);
	if (result == 0)
		result = hand_over(target, fd);
	close(fd);
	if (result < 0)
		unlinkat(place->folder, place->name, 0);
	return result;
}

/* Returns: whether the file could be made in @folder, as the process has it. */
static bool create_in(const struct target *target, const char *folder,
		      struct place *place, int from, const char *text, size_t size)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return false;
	place->folder = open_within(target->root, folder, O_PATH | O_DIRECTORY,
				    RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	if (place->folder < 0)
		return false;
	/* A name that says of the library what it is, as that of an installed one does.
	 */
	snprintf(place->path, sizeof(place->path),
		 from < 0 ? "%s/pyusdt-%020" PRIu64 ".py" : "%s/libpyusdt.so.%020" PRIu64,
		 folder, number);
	place->name = strrchr(place->path, '/') + 1;
	if ((from < 0 || is_executable(place->folder)) &&
	    create(target, place, from, text, size) == 0)
		return true;
	close(place->folder);
	place->folder = -1;
	return false;
}

static bool create_anywhere(const struct target *target, struct place *place, int from,
			    const char *text, size_t size)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (create_in(target, folders[i], place, from, text, size))
			return true;
	return false;
}

/* A script may quote it as it is. */
static bool is_plain(const char *path)
{
	for (; *path; path++)
		if (*path < ' ' || *path > '~' || *path == '\'' || *path == '\\')
			return false;
	return true;
}

bool place_is(const struct target *target, const char *path,
	      const struct mapping *mapping)
{
	int fd = open_within(target->root, path, O_PATH, RESOLVE_IN_ROOT);
	struct stat file;
	bool is;

	if (fd < 0)
		return false;
	is = is_plain(path) && fstat(fd, &file) == 0 && file.st_ino == mapping->inode &&
	     ((uint64_t)major(file.st_dev) << 32 | minor(file.st_dev)) == mapping->device;
	close(fd);
	return is;
}

const char *place_library(const struct target *target, const char *file,
			  struct place *place)
{
	char path[PATH_MAX];
	const char *why = NULL;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	place->folder = -1;
	if (fd < 0)
		return failure("the library cannot be read");
	if (realpath(file, path) && is_plain(path) &&
	    strlen(path) < sizeof(place->path) && has_the_same(target, path, fd))
		memcpy(place->path, path, strlen(path) + 1);
	else if (!create_anywhere(target, place, fd, NULL, 0))
		why = failure("there is no room for the library in its /tmp, /dev/shm, "
			      "/var/tmp or /run");
	close(fd);
	return why;
}

const char *place_text(const struct target *target, const char *text, size_t size,
		       struct place *place)
{
	place->folder = -1;
	if (create_anywhere(target, place, -1, text, size))
		return NULL;
	return failure("there is no room for a script in its /tmp, /dev/shm, /var/tmp or "
		       "/run");
}

void place_remove(struct place *place)
{
	if (place->folder < 0)
		return;
	unlinkat(place->folder, place->name, 0);
	close(place->folder);
	place->folder = -1;
}
