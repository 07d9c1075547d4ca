// SPDX-License-Identifier: BSD-2-Clause
/*
 * Records what pyusdt-announce reads of a process: a seed of fuzz_look.
 *
 * usage: tests/fuzz/record PID >tests/fuzz/corpus/look/NAME
 */
#include <stdio.h>
#include <stdlib.h>

#include "look.h"
#include "memory_image.h"
#include "proc.h"

#define MAX_RANGES 4096

struct range {
	uint64_t address;
	size_t size;
};

static struct remote_process process;
static const struct remote_ops *ops;
static struct range ranges[MAX_RANGES];
static int count;

/* Once each. */
static bool is_known(uint64_t address, size_t size)
{
	for (int i = 0; i < count; i++)
		if (address >= ranges[i].address &&
		    address + size <= ranges[i].address + ranges[i].size)
			return true;
	return false;
}

static bool record(struct remote *remote, uint64_t address, void *to, size_t size)
{
	uint32_t size32 = (uint32_t)size;

	if (!ops->read(remote, address, to, size))
		return false;
	if (is_known(address, size) || count == MAX_RANGES)
		return true;
	ranges[count++] = (struct range){address, size};
	fwrite(&address, sizeof(address), 1, stdout);
	fwrite(&size32, sizeof(size32), 1, stdout);
	fwrite(to, size, 1, stdout);
	return true;
}

static int open_none(struct remote *remote)
{
	(void)remote;
	return -1;
}

int main(int argc, char **argv)
{
	static const struct remote_ops recording = {record, open_none};
	int pid = argc == 2 ? atoi(argv[1]) : 0;
	struct maps maps;
	struct look look;

	if (pid <= 0 || proc_open() || !proc_look(pid, &maps, &look)) {
		fprintf(stderr, "usage: record PID\n");
		return EXIT_FAILURE;
	}
	putchar(maps.count);
	fwrite(maps.images, sizeof(*maps.images), (size_t)maps.count, stdout);
	remote_process_open(&process, pid);
	ops = process.remote.ops;
	process.remote.ops = &recording;
	look_at(&process.remote, &maps, &look);
	fprintf(stderr, "%d: %s\n", pid, look.why ? look.why : "found");
	return look.why ? EXIT_FAILURE : EXIT_SUCCESS;
}
