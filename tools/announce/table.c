// SPDX-License-Identifier: BSD-2-Clause
/* A sorted array: new ids are mostly the highest. Each process is held by a pidfd. */
#include "table.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_SIZE 256

/* Returns: the first one whose id is not less. */
static size_t lower_bound(const struct table *table, pid_t pid)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->list[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct process *table_find(const struct table *table, pid_t pid)
{
	size_t at = lower_bound(table, pid);

	if (at == table->count || table->list[at].pid != pid)
		return NULL;
	return &table->list[at];
}

size_t table_after(const struct table *table, pid_t pid)
{
	return lower_bound(table, pid + 1);
}

static bool grow(struct table *table)
{
	size_t size = table->size ? table->size * 2 : FIRST_SIZE;
	struct process *list = reallocarray(table->list, size, sizeof(*list));

	if (!list)
		return false;
	table->list = list;
	table->size = size;
	return true;
}

struct process *table_add(struct table *table, pid_t pid)
{
	size_t at = lower_bound(table, pid);
	int pidfd;

	if (at < table->count && table->list[at].pid == pid)
		return &table->list[at];
	if (table->count == table->size && !grow(table))
		return NULL;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return NULL;
	memmove(&table->list[at + 1], &table->list[at],
		(table->count - at) * sizeof(*table->list));
	table->list[at] = (struct process){.pid = pid, .pidfd = pidfd};
	table->count++;
	return &table->list[at];
}

void table_forget_ended(struct table *table)
{
	struct pollfd *fds = calloc(table->count + 1, sizeof(*fds));
	size_t kept = 0;

	if (!fds)
		return;
	for (size_t i = 0; i < table->count; i++)
		fds[i] = (struct pollfd){.fd = table->list[i].pidfd, .events = POLLIN};
	if (poll(fds, table->count, 0) <= 0) {
		free(fds);
		return;
	}
	for (size_t i = 0; i < table->count; i++) {
		if (fds[i].revents)
			close(table->list[i].pidfd);
		else
			table->list[kept++] = table->list[i];
	}
	table->count = kept;
	free(fds);
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		close(table->list[i].pidfd);
	free(table->list);
}
