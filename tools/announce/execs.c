// SPDX-License-Identifier: BSD-2-Clause
/*
 * perf's records of new names of processes (PERF_RECORD_COMM), those of execve() marked:
 * a ring per CPU, into which the kernel writes without waiting for us. It has them before
 * the new program's first instruction.
 */
#include "execs.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* For the records, a power of two: some hundred of them. */
#define RING_PAGES 4

struct ring {
	int fd;
	struct perf_event_mmap_page *head;
	const char *data;
	size_t size;
};

struct execs {
	struct ring *rings;
	int count;
	size_t page_size;
};

static int open_event(int cpu)
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

	return (int)syscall(SYS_perf_event_open, &attributes, -1, cpu, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

/* Returns: 0, or an errno. */
static int open_ring(struct execs *execs, int cpu)
{
	struct ring *ring = &execs->rings[execs->count];
	void *head;
	int error;

	ring->fd = open_event(cpu);
	if (ring->fd < 0)
		return errno;
	ring->size = RING_PAGES * execs->page_size;
	head = mmap(NULL, execs->page_size + ring->size, PROT_READ | PROT_WRITE,
		    MAP_SHARED, ring->fd, 0);
	if (head == MAP_FAILED) {
		error = errno;
		close(ring->fd);
		return error;
	}
	ring->head = head;
	ring->data = (const char *)head + execs->page_size;
	execs->count++;
	return 0;
}

struct execs *execs_open(void)
{
	struct execs *execs = calloc(1, sizeof(*execs));
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (!execs)
		return NULL;
	execs->page_size = (size_t)sysconf(_SC_PAGESIZE);
	execs->rings = calloc((size_t)cpus, sizeof(*execs->rings));
	if (!execs->rings) {
		execs_close(execs);
		return NULL;
	}
	for (int cpu = 0; cpu < cpus; cpu++) {
		int error = open_ring(execs, cpu);

		/* ENODEV: one that is not there, or off. */
		if (!error || error == ENODEV)
			continue;
		execs_close(execs);
		errno = error;
		return NULL;
	}
	return execs;
}

void execs_close(struct execs *execs)
{
	for (int i = 0; i < execs->count; i++) {
		munmap(execs->rings[i].head, execs->page_size + execs->rings[i].size);
		close(execs->rings[i].fd);
	}
	free(execs->rings);
	free(execs);
}

int execs_poll(const struct execs *execs, struct pollfd *fds, int size)
{
	int count = execs->count < size ? execs->count : size;

	for (int i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = execs->rings[i].fd, .events = POLLIN};
	return count;
}

struct record {
	struct perf_event_header header;
	uint32_t pid, tid;
};

/* It may go on at the beginning of the ring. */
static void copy(const struct ring *ring, uint64_t at, struct record *record)
{
	char *to = (char *)record;

	for (size_t i = 0; i < sizeof(*record); i++)
		to[i] = ring->data[(at + i) % ring->size];
}

static bool read_ring(struct ring *ring, void (*each)(pid_t pid, void *context),
		      void *context)
{
	uint64_t head = __atomic_load_n(&ring->head->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->head->data_tail;
	struct record record;
	bool complete = true;

	while (head - tail >= sizeof(record)) {
		copy(ring, tail, &record);
		if (record.header.size < sizeof(record.header))
			break;
		tail += record.header.size;
		complete = complete && record.header.type != PERF_RECORD_LOST;
		/* 0 and -1: of another process id namespace. */
		if (record.header.type == PERF_RECORD_COMM &&
		    record.header.misc & PERF_RECORD_MISC_COMM_EXEC &&
		    (int32_t)record.pid > 0)
			each((pid_t)record.pid, context);
	}
	__atomic_store_n(&ring->head->data_tail, head, __ATOMIC_RELEASE);
	return complete;
}

bool execs_read(struct execs *execs, void (*each)(pid_t pid, void *context),
		void *context)
{
	bool complete = true;

	for (int i = 0; i < execs->count; i++)
		complete = read_ring(&execs->rings[i], each, context) && complete;
	return complete;
}
