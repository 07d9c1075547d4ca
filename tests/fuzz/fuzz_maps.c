// SPDX-License-Identifier: BSD-2-Clause
/* /proc/PID/maps of any bytes; and JSON of any text, which is always printable ASCII. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool right)
{
	if (!right)
		abort();
}

static void check_maps(const uint8_t *data, size_t size)
{
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
	struct maps maps;

	if (!file)
		return;
	maps_read(file, "/bin/program", &maps);
	fclose(file);
	expect(maps.count >= 0 && maps.count <= MAPS_IMAGES);
	expect(memchr(maps.library, 0, sizeof(maps.library)));
}

static void check_json(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *found = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&found, &length);

	json_string(file, text);
	fclose(file);
	expect(length >= 2 && found[0] == '"' && found[length - 1] == '"');
	for (size_t i = 1; i + 1 < length; i++) {
		expect(found[i] >= 0x20 && found[i] < 0x7f);
		if (found[i] == '\\')
			i++;
		else
			expect(found[i] != '"');
	}
	free(found);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_maps(data, size);
	check_json(data, size);
	return 0;
}
