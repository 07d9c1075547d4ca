// SPDX-License-Identifier: BSD-2-Clause
/*
 * pyusdt-announce looks at memory of any kind: recorded from a CPython (record_memory.c)
 * and changed. It ends, within the reads that it may do, and reads nothing of its own
 * that it should not. The same input is also the file in which sections are looked for.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "look.h"
#include "memory_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fake_remote fake;

static void expect(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct maps maps;
	struct look look;

	memory_load(data, size, &fake, &maps);
	fake.program = memfd_create("program", MFD_CLOEXEC);
	expect(write(fake.program, data, size) == (ssize_t)size, "a file is written");
	look_at(&fake.remote, &maps, &look);
	close(fake.program);
	expect(fake.reads <= REMOTE_READS, "few reads");
	expect((look.finding == FOUND_LAYOUT) == !look.why, "a reason, or a layout");
	if (look.finding == FOUND_LAYOUT)
		expect(look.words.version >> 16 >= 0x030c, "a version that is known");
	return 0;
}
