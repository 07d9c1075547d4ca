// SPDX-License-Identifier: BSD-2-Clause
#include "fake_probes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "probes.h"

static unsigned short semaphores[EVENT_COUNT];

const unsigned short *const probe_semaphores[EVENT_COUNT] = {
#define EVENT(name, bit, arguments, value, requires) \
	[EVENT_##name] = &semaphores[EVENT_##name],
#define ANNOUNCEMENT(name, bit) [EVENT_##name] = &semaphores[EVENT_##name],
#include "events.def"
};

#define CHUNK_SIZE (256 * 1024)

/* Strings one after the other. Never freed, used again: no business of leak checks. */
struct chunk {
	struct chunk *next;
	size_t used;
	char data[CHUNK_SIZE];
};

/* Interpreters with a GIL of their own emit in parallel. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fake_record *records;
static size_t count, capacity;
static struct chunk *first, *current;

void fake_watch(uint64_t mask)
{
	for (int i = 0; i < EVENT_COUNT; i++)
		__atomic_store_n(&semaphores[i], !!(mask & event_bit(i)),
				 __ATOMIC_RELAXED);
}

size_t fake_count(void)
{
	return count;
}

const struct fake_record *fake_record(size_t index)
{
	return &records[index];
}

size_t fake_count_of(enum event event, const char *name)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += records[i].event == event && !strcmp(records[i].name, name);
	return found;
}

void fake_clear(void)
{
	count = 0;
	current = NULL;
}

/* Not malloc(): the tests of failing allocations have that in hand. */
static void *allocate(void *old, size_t count_now, size_t size)
{
	void *new = reallocarray(old, count_now, size);

	if (!new)
		abort();
	return new;
}

/* With the lock held. */
static struct fake_record *next_record(void)
{
	if (count == capacity) {
		capacity = capacity ? capacity * 2 : 64;
		records = allocate(records, capacity, sizeof(*records));
	}
	return &records[count++];
}

static struct chunk *next_chunk(void)
{
	struct chunk **next = current ? &current->next : &first;

	if (!*next) {
		*next = allocate(NULL, 1, sizeof(**next));
		(*next)->next = NULL;
	}
	(*next)->used = 0;
	return *next;
}

/* With the lock held. */
static const char *copy(const char *string)
{
	size_t size = strlen(string) + 1;
	char *start;

	if (size > CHUNK_SIZE)
		abort();
	if (!current || CHUNK_SIZE - current->used < size)
		current = next_chunk();
	start = current->data + current->used;
	current->used += size;
	return memcpy(start, string, size);
}

static void record(enum event event, const struct codemeta *code, int line, long offset,
		   const char *value, const void *object)
{
	pthread_mutex_lock(&lock);
	*next_record() = (struct fake_record){
		.event = event,
		.name = copy(code->name),
		.file = copy(code->file),
		.qualname = copy(code->qualname),
		.module = copy(code->module),
		.value = value ? copy(value) : NULL,
		.line = line,
		.offset = offset,
		.id = code->id,
		.object = object,
	};
	pthread_mutex_unlock(&lock);
}

#define EVENT(event, bit, arguments, kind, requires)                           \
	void probe_##event(const struct codemeta *code, int line, long offset, \
			   const char *value, const void *object)              \
	{                                                                      \
		record(EVENT_##event, code, line, offset, value, object);      \
	}
#include "events.def"

/* Called by the watcher as well. */
static struct {
	const struct pyusdt_layout *layout;
	uint32_t python;
	unsigned int count;
} announced;

void probe_LAYOUT(const struct pyusdt_layout *layout, uint32_t python)
{
	pthread_mutex_lock(&lock);
	announced.layout = layout;
	announced.python = python;
	pthread_mutex_unlock(&lock);
	__atomic_add_fetch(&announced.count, 1, __ATOMIC_RELEASE);
}

unsigned int fake_layout_count(void)
{
	return __atomic_load_n(&announced.count, __ATOMIC_ACQUIRE);
}

const struct pyusdt_layout *fake_layout(uint32_t *python)
{
	const struct pyusdt_layout *layout;

	pthread_mutex_lock(&lock);
	*python = announced.python;
	layout = announced.layout;
	pthread_mutex_unlock(&lock);
	return layout;
}
