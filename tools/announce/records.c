// SPDX-License-Identifier: BSD-2-Clause
/*
 * Of a new program the kernel has a record (PERF_RECORD_COMM, those of execve() marked)
 * before its first instruction, and a reader is woken up: there are some milliseconds
 * until it matters. A fork (PERF_RECORD_FORK) is not urgent, as BPF code gives the child
 * what it has of its parent; and there are records of all threads. So these have rings of
 * their own, which wake nobody up.
 */
#include "records.h"

#include <errno.h>
#include <stdlib.h>

#include "rings.h"

struct records {
	struct rings *execs, *forks;
};

/* Who reads, and where that is passed on to. */
struct reading {
	exec_reader exec;
	fork_reader fork;
	void *context;
};

static struct rings *open_execs(void)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_DUMMY,
		.comm = 1,
		.comm_exec = 1,
		.watermark = 1,
		.wakeup_watermark = 1,
	};

	return rings_open(&attributes);
}

static struct rings *open_forks(void)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_DUMMY,
		.task = 1,
	};

	return rings_open(&attributes);
}

struct records *records_open(void)
{
	struct records *records = calloc(1, sizeof(*records));
	int error;

	if (!records)
		return NULL;
	records->execs = open_execs();
	if (records->execs)
		records->forks = open_forks();
	if (records->forks)
		return records;
	error = errno;
	records_close(records);
	errno = error;
	return NULL;
}

void records_close(struct records *records)
{
	if (records->forks)
		rings_close(records->forks);
	if (records->execs)
		rings_close(records->execs);
	free(records);
}

int records_poll(const struct records *records, struct pollfd *fds, int size)
{
	return rings_poll(records->execs, fds, size);
}

/* 0 and -1 are of another process id namespace. */
static bool is_ours(uint32_t pid)
{
	return (int32_t)pid > 0;
}

/* Its words: process, thread, name. */
static void read_exec(const struct ring_record *record, void *context)
{
	const struct reading *reading = context;
	uint32_t pid = record->words[0];

	if (record->header.type == PERF_RECORD_COMM &&
	    record->header.misc & PERF_RECORD_MISC_COMM_EXEC && is_ours(pid))
		reading->exec((pid_t)pid, reading->context);
}

/* Its words: process, parent, thread, thread of the parent. A thread is no process. */
static void read_fork(const struct ring_record *record, void *context)
{
	const struct reading *reading = context;
	uint32_t pid = record->words[0], parent = record->words[1];

	if (record->header.type == PERF_RECORD_FORK && pid != parent && is_ours(pid))
		reading->fork((pid_t)pid, (pid_t)parent, reading->context);
}

bool records_read_execs(struct records *records, exec_reader each, void *context)
{
	struct reading reading = {.exec = each, .context = context};

	return rings_read(records->execs, read_exec, &reading);
}

bool records_read_forks(struct records *records, fork_reader each, void *context)
{
	struct reading reading = {.fork = each, .context = context};

	return rings_read(records->forks, read_fork, &reading);
}
