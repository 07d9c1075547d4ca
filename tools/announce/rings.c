// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel does not wait for us: what it has no room for is lost, which it tells in the
 * next record, be it long after. So a ring that is full counts as one that has lost some.
 */
#include "rings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* For the records, a power of two: a thousand of them, of 32 bytes mostly. */
#define RING_PAGES 8

/* No record that is asked for is longer. */
#define LONGEST_RECORD 64

struct ring {
	int fd;
	struct perf_event_mmap_page *head;
	const char *data;
	size_t size;
};

struct rings {
	struct ring *list;
	int count;
	size_t page_size;
};

/* Returns: 0, or an errno. */
static int open_ring(struct rings *rings, struct perf_event_attr *attributes, int cpu)
{
	struct ring *ring = &rings->list[rings->count];
	void *head;
	int error;

	ring->fd = (int)syscall(SYS_perf_event_open, attributes, -1, cpu, -1,
				PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0)
		return errno;
	ring->size = RING_PAGES * rings->page_size;
	head = mmap(NULL, rings->page_size + ring->size, PROT_READ | PROT_WRITE,
		    MAP_SHARED, ring->fd, 0);
	if (head == MAP_FAILED) {
		error = errno;
		close(ring->fd);
		return error;
	}
	ring->head = head;
	ring->data = (const char *)head + rings->page_size;
	rings->count++;
	return 0;
}

struct rings *rings_open(struct perf_event_attr *attributes)
{
	struct rings *rings = calloc(1, sizeof(*rings));
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (!rings)
		return NULL;
	rings->page_size = (size_t)sysconf(_SC_PAGESIZE);
	rings->list = calloc((size_t)cpus, sizeof(*rings->list));
	if (!rings->list) {
		rings_close(rings);
		return NULL;
	}
	for (int cpu = 0; cpu < cpus; cpu++) {
		int error = open_ring(rings, attributes, cpu);

		/* ENODEV: one that is not there, or off. */
		if (!error || error == ENODEV)
			continue;
		rings_close(rings);
		errno = error;
		return NULL;
	}
	return rings;
}

void rings_close(struct rings *rings)
{
	for (int i = 0; i < rings->count; i++) {
		munmap(rings->list[i].head, rings->page_size + rings->list[i].size);
		close(rings->list[i].fd);
	}
	free(rings->list);
	free(rings);
}

int rings_poll(const struct rings *rings, struct pollfd *fds, int size)
{
	int count = rings->count < size ? rings->count : size;

	for (int i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = rings->list[i].fd, .events = POLLIN};
	return count;
}

/* It may go on at the beginning of the ring, at a multiple of 8 bytes as all of them. */
static void copy(const struct ring *ring, uint64_t at, struct ring_record *record)
{
	for (size_t i = 0; i < sizeof(*record); i += sizeof(uint64_t))
		memcpy((char *)record + i, ring->data + (at + i) % ring->size,
		       sizeof(uint64_t));
}

static bool read_ring(struct ring *ring, ring_reader each, void *context)
{
	uint64_t head = __atomic_load_n(&ring->head->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->head->data_tail;
	bool complete = head - tail + LONGEST_RECORD <= ring->size;
	struct ring_record record;

	while (head - tail >= sizeof(record)) {
		copy(ring, tail, &record);
		if (record.header.size < sizeof(record.header))
			break;
		tail += record.header.size;
		complete = complete && record.header.type != PERF_RECORD_LOST;
		each(&record, context);
	}
	__atomic_store_n(&ring->head->data_tail, head, __ATOMIC_RELEASE);
	return complete;
}

bool rings_read(struct rings *rings, ring_reader each, void *context)
{
	bool complete = true;

	for (int i = 0; i < rings->count; i++)
		complete = read_ring(&rings->list[i], each, context) && complete;
	return complete;
}
