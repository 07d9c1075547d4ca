/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring per CPU, into which the kernel writes perf's records of one kind. */
#ifndef ANNOUNCE_RINGS_H
#define ANNOUNCE_RINGS_H

#include <linux/perf_event.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct rings;

/* The beginning of each record; what the words are depends on its type. */
struct ring_record {
	struct perf_event_header header;
	uint32_t words[4];
};

typedef void (*ring_reader)(const struct ring_record *record, void *context);

/* Returns: NULL, with errno, where that is refused. */
struct rings *rings_open(struct perf_event_attr *attributes);
void rings_close(struct rings *rings);

/* Returns: how many of @fds it has set: readable where there is something to be read. */
int rings_poll(const struct rings *rings, struct pollfd *fds, int size);

/*
 * Call @each for each record since the last call. Returns: false where the kernel may
 * have had no room for all.
 */
bool rings_read(struct rings *rings, ring_reader each, void *context);

#endif /* ANNOUNCE_RINGS_H */
