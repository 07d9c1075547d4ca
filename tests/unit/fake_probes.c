// SPDX-License-Identifier: BSD-2-Clause
#include "fake_probes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "probes/probes.h"
#include "pyusdt_profile.h"

static unsigned short semaphores[EVENT_COUNT];

const unsigned short *const probe_semaphores[EVENT_COUNT] = {
#define SEMAPHORE(name)                                    [EVENT_##name] = &semaphores[EVENT_##name],
#define EVENT(name, bit, arguments, value, also, requires) SEMAPHORE(name)
#define RUNTIME(name, bit, ...)                            SEMAPHORE(name)
#define COMPAT(name, bit, probe, ...)                      SEMAPHORE(name)
#define ANNOUNCEMENT(name, bit, ...)                       SEMAPHORE(name)
#include "events/events.def"
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

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count; i++)
		found += records[i].event == event && records[i].name &&
			 !strcmp(records[i].name, name);
	pthread_mutex_unlock(&lock);
	return found;
}

void fake_clear(void)
{
	pthread_mutex_lock(&lock);
	count = 0;
	current = NULL;
	pthread_mutex_unlock(&lock);
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
	size_t size;
	char *start;

	if (!string)
		return NULL;
	size = strlen(string) + 1;
	if (size > CHUNK_SIZE)
		abort();
	if (!current || CHUNK_SIZE - current->used < size)
		current = next_chunk();
	start = current->data + current->used;
	current->used += size;
	return memcpy(start, string, size);
}

static void record(struct fake_record record)
{
	pthread_mutex_lock(&lock);
	record.name = copy(record.name);
	record.file = copy(record.file);
	record.qualname = copy(record.qualname);
	record.module = copy(record.module);
	record.value = copy(record.value);
	*next_record() = record;
	pthread_mutex_unlock(&lock);
}

static struct fake_record of_code(enum event event, enum fake_shape shape,
				  const struct codemeta *code, int line)
{
	return (struct fake_record){
		.event = event,
		.shape = shape,
		.name = code->name,
		.file = code->file,
		.qualname = code->qualname,
		.module = code->module,
		.line = line,
		.id = code->id,
	};
}

static void record_event(enum event event, const struct codemeta *code, int line,
			 long offset, const char *value, const void *object)
{
	struct fake_record new = of_code(event, FAKE_EVENT, code, line);

	new.offset = offset;
	new.value = value;
	new.object = object;
	record(new);
}

#define EVENT(event, bit, arguments, kind, also, requires)                      \
	void probe_##event(const struct codemeta *code, int line, long offset,  \
			   const char *value, const void *object)               \
	{                                                                       \
		record_event(EVENT_##event, code, line, offset, value, object); \
	}
#include "events/events.def"

void probe_CODE(const struct codemeta *code)
{
	record(of_code(EVENT_CODE, FAKE_CODE, code, code->line));
}

void probe_PROFILE(const struct codemeta *code, const struct pyusdt_sums *sums)
{
	struct fake_record new = of_code(EVENT_PROFILE, FAKE_SUMS, code, code->line);

	new.number_count = 6;
	memcpy(new.numbers, sums, sizeof(new.numbers));
	record(new);
}

void probe_PROFILE_BUCKET(const struct codemeta *code, uint64_t low, uint64_t count)
{
	struct fake_record new =
		of_code(EVENT_PROFILE_BUCKET, FAKE_BUCKET, code, code->line);

	new.number_count = 2;
	new.numbers[0] = (long)low;
	new.numbers[1] = (long)count;
	record(new);
}

void probe_PROFILE_TABLE(const struct pyusdt_profile_table *table)
{
	record((struct fake_record){
		.event = EVENT_PROFILE_TABLE,
		.shape = FAKE_OTHER,
		.object = table,
	});
}

#define PROBE_PYTHON(probe)                                                  \
	void probe_##probe(const char *file, const char *function, int line) \
	{                                                                    \
		record((struct fake_record){                                 \
			.event = EVENT_##probe,                              \
			.shape = FAKE_PYTHON,                                \
			.name = function,                                    \
			.file = file,                                        \
			.line = line,                                        \
		});                                                          \
	}
PROBE_PYTHON(PYTHON_FUNCTION_ENTRY)
PROBE_PYTHON(PYTHON_FUNCTION_RETURN)
PROBE_PYTHON(PYTHON_LINE)

/* PROBE_OTHER(probe, parameters, name, number_count, numbers...) */
#define PROBE_OTHER(probe, parameters, text, count, ...) \
	void probe_##probe parameters                    \
	{                                                \
		record((struct fake_record){             \
			.event = EVENT_##probe,          \
			.shape = FAKE_OTHER,             \
			.name = (text),                  \
			.number_count = (count),         \
			.numbers = {__VA_ARGS__},        \
		});                                      \
	}
PROBE_OTHER(GC_START, (int generation), NULL, 1, generation)
PROBE_OTHER(GC_DONE, (int generation, long collected, long uncollectable), NULL, 3,
	    generation, collected, uncollectable)
PROBE_OTHER(IMPORT_START, (const char *module), module, 0, 0)
PROBE_OTHER(IMPORT_DONE, (const char *module, int found), module, 1, found)
PROBE_OTHER(THREAD_START, (const char *name, long id), name, 1, id)
PROBE_OTHER(THREAD_EXIT, (const char *name, long id), name, 1, id)
PROBE_OTHER(PYTHON_GC_START, (int generation), NULL, 1, generation)
PROBE_OTHER(PYTHON_GC_DONE, (long collected), NULL, 1, collected)
PROBE_OTHER(PYTHON_IMPORT_START, (const char *module), module, 0, 0)
PROBE_OTHER(PYTHON_IMPORT_DONE, (const char *module, int found), module, 1, found)

/* Called by the watcher as well. */
static struct {
	const struct pyusdt_layout *layout;
	uint32_t python;
	unsigned int count;
	void (*before)(void);
} announced;

void fake_before_layout(void (*function)(void))
{
	announced.before = function;
}

void probe_LAYOUT(const struct pyusdt_layout *layout, uint32_t python)
{
	void (*before)(void) = announced.before;

	announced.before = NULL;
	if (before)
		before();
	pthread_mutex_lock(&lock);
	announced.layout = layout;
	announced.python = python;
	pthread_mutex_unlock(&lock);
	__atomic_add_fetch(&announced.count, 1, __ATOMIC_RELEASE);
}

static struct layout_words process;
static unsigned int process_count;

void probe_PROCESS(uint64_t tstate, uint64_t walk, uint64_t names, uint64_t rest,
		   uint64_t version)
{
	pthread_mutex_lock(&lock);
	process = (struct layout_words){tstate, walk, names, rest, version};
	pthread_mutex_unlock(&lock);
	__atomic_add_fetch(&process_count, 1, __ATOMIC_RELEASE);
}

unsigned int fake_process_count(void)
{
	return __atomic_load_n(&process_count, __ATOMIC_ACQUIRE);
}

struct layout_words fake_process(void)
{
	struct layout_words words;

	pthread_mutex_lock(&lock);
	words = process;
	pthread_mutex_unlock(&lock);
	return words;
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
