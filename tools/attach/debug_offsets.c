// SPDX-License-Identifier: BSD-2-Clause
#include "debug_offsets.h"

#include <string.h>

#define COOKIE "xdebugpy"

/* No offset of a field is larger: a thread state is some hundred bytes, an interpreter
 * hundreds of thousand. */
#define MAX_OFFSET 4194304

/* What the path's field has in each version that has one. */
#define PATH_SIZE 512

#define WORDS 128

enum {
	WORD_COOKIE,
	WORD_VERSION,
	WORD_FREE_THREADED,
};

/* In words from the table's start: read from the headers of each version. */
static const struct {
	uint32_t version; /* without what follows the minor one */
	unsigned int first_interpreter, id, next_interpreter, main_thread;
	unsigned int support; /* six words: see debug_offsets_parse() */
} tables[] = {
	{0x030e, 5, 7, 8, 10, 89},
	{0x030f, 5, 7, 8, 10, 105},
};

bool debug_offsets_parse(const uint64_t *words, size_t count, uint32_t version,
			 struct debug_offsets *offsets)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		const uint64_t *support = words + tables[i].support;

		if (tables[i].version != version >> 16)
			continue;
		if (count < tables[i].support + 6 ||
		    memcmp(&words[WORD_COOKIE], COOKIE, strlen(COOKIE)) != 0 ||
		    words[WORD_VERSION] != version)
			return false;
		*offsets = (struct debug_offsets){
			.first_interpreter = words[tables[i].first_interpreter],
			.id = words[tables[i].id],
			.next_interpreter = words[tables[i].next_interpreter],
			.main_thread = words[tables[i].main_thread],
			.breaker = support[0],
			.support = support[1],
			.enabled = support[2],
			.pending = support[3],
			.path = support[4],
			.path_size = support[5],
		};
		return offsets->first_interpreter < MAX_OFFSET &&
		       offsets->id < MAX_OFFSET &&
		       offsets->next_interpreter < MAX_OFFSET &&
		       offsets->main_thread < MAX_OFFSET &&
		       offsets->enabled < MAX_OFFSET && offsets->breaker < MAX_OFFSET &&
		       offsets->support < MAX_OFFSET && offsets->pending < MAX_OFFSET &&
		       offsets->path < MAX_OFFSET && offsets->path_size == PATH_SIZE;
	}
	return false;
}

bool debug_offsets_read(struct target *target, const struct python *python,
			struct debug_offsets *offsets)
{
	uint64_t words[WORDS];

	return remote_read(target_memory(target), python->runtime, words,
			   sizeof(words)) &&
	       debug_offsets_parse(words, WORDS, python->version, offsets);
}

bool debug_offsets_free_threaded(struct target *target, const struct python *python)
{
	uint64_t words[WORD_FREE_THREADED + 1];

	return python->version >= 0x030d0000 &&
	       remote_read(target_memory(target), python->runtime, words,
			   sizeof(words)) &&
	       !memcmp(&words[WORD_COOKIE], COOKIE, strlen(COOKIE)) &&
	       words[WORD_FREE_THREADED];
}
