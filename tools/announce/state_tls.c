// SPDX-License-Identifier: BSD-2-Clause
/*
 * A thread's table of modules (dtv), to which the word after the thread pointer points,
 * has the address of the thread's block of each loaded file with thread-local variables,
 * 16 bytes a module, and before them how many there are. The blocks of files that were
 * there at the start are at the same distance from the thread pointer in every thread;
 * those of a file that came by dlopen() are anywhere.
 *
 * CPython has two such variables: _Py_tss_gilstate, which is wanted, and _Py_tss_tstate,
 * which is the same while the thread has the GIL, else NULL.
 */
#include "state_tls.h"

#include <string.h>

#define MODULES 64
#define WORDS   128

/* More threads would cost, and tell nothing. */
#define TLS_THREADS 32

/* Of blocks of the start; not nearly as large anywhere. */
#define MAX_DISTANCE 65536

#define ENTRY_SIZE  16
#define TABLE       8 /* after the thread pointer */
#define UNALLOCATED UINT64_MAX

struct module {
	bool words[WORDS]; /* all threads so far have their state there */
	bool is_static;    /* at the same distance in all threads so far */
	int64_t distance;  /* from the thread pointer */
};

struct modules {
	struct module list[MODULES];
	int seen; /* threads with their state in any module */
};

/* What one thread has. */
struct blocks {
	bool words[MODULES][WORDS];
	int64_t distance[MODULES];
	bool any;
};

static size_t block_words(const struct python *python)
{
	size_t words = python->tls_size / 8 + (python->tls_size % 8 != 0);

	return words < WORDS ? words : WORDS;
}

static void look_in_block(struct remote *remote, const struct thread *thread,
			  size_t count, uint64_t address, int module,
			  struct blocks *blocks)
{
	uint64_t words[WORDS];

	blocks->distance[module] = (int64_t)(address - thread->pointer);
	if (!address || address == UNALLOCATED)
		return;
	count = remote_read_some(remote, address, words, count * 8) / 8;
	for (size_t i = 0; i < count; i++)
		if (words[i] == thread->state)
			blocks->words[module][i] = blocks->any = true;
}

static void look_in_thread(struct remote *remote, const struct thread *thread,
			   size_t count, struct blocks *blocks)
{
	uint64_t table = remote_word(remote, thread->pointer + TABLE);
	uint64_t modules = remote_word(remote, table - ENTRY_SIZE);

	memset(blocks, 0, sizeof(*blocks));
	for (int i = 1; i < MODULES && (uint64_t)i <= modules; i++)
		look_in_block(remote, thread, count,
			      remote_word(remote, table + (uint64_t)i * ENTRY_SIZE), i,
			      blocks);
}

static void keep_common(const struct blocks *blocks, struct modules *modules)
{
	for (int i = 0; i < MODULES; i++) {
		struct module *module = &modules->list[i];
		int64_t distance = blocks->distance[i];

		for (int j = 0; j < WORDS; j++)
			module->words[j] &= blocks->words[i][j];
		module->is_static = module->is_static && distance < 0 &&
				    distance > -MAX_DISTANCE &&
				    (!modules->seen || distance == module->distance);
		module->distance = distance;
	}
	modules->seen++;
}

static void look_in_threads(struct remote *remote, const struct python *python,
			    const struct threads *threads, struct modules *modules)
{
	size_t count = block_words(python);

	memset(modules, 1, sizeof(*modules));
	modules->seen = 0;
	for (int i = 0; i < threads->count && i < TLS_THREADS; i++) {
		struct blocks blocks;

		look_in_thread(remote, &threads->list[i], count, &blocks);
		if (blocks.any)
			keep_common(&blocks, modules);
	}
}

/* Returns: how many bytes at @code are those of @bytes, all or none. */
static size_t skip(const uint8_t *code, const char *bytes, size_t size)
{
	return memcmp(code, bytes, size) ? 0 : size;
}

/*
 * PyGILState_GetThisThreadState() does nothing but read the word, and its machine code
 * says where. In a program: mov %fs:OFFSET,%rax. In a library that was there at the
 * start: mov ADDRESS(%rip),%rax; mov %fs:(%rax),%rax.
 *
 * Returns: whether it is either, and the offset from the thread pointer.
 */
static bool read_machine_code(struct remote *remote, const struct python *python,
			      int64_t *offset)
{
	uint8_t code[32] = {0};
	size_t at;
	int32_t number;

	if (!python->get_state ||
	    !remote_read(remote, python->get_state, code, sizeof(code)))
		return false;
	at = skip(code, "\xf3\x0f\x1e\xfa", 4);       /* endbr64 */
	at += skip(code + at, "\x55\x48\x89\xe5", 4); /* push %rbp; mov %rsp,%rbp */
	if (skip(code + at, "\x64\x48\x8b\x04\x25", 5)) {
		memcpy(&number, code + at + 5, sizeof(number));
		*offset = number;
		return number < 0;
	}
	if (skip(code + at, "\x48\x8b\x05", 3) &&
	    skip(code + at + 7, "\x64\x48\x8b\x00", 4)) {
		memcpy(&number, code + at + 3, sizeof(number));
		*offset = (int64_t)remote_word(remote, python->get_state + at + 7 +
							       (uint64_t)(int64_t)number);
		return *offset < 0;
	}
	return false;
}

static void set_way(const struct module *module, int number, int word,
		    struct layout_way *way)
{
	if (module->is_static) {
		way->tstate = module->distance + word * INT64_C(8);
		way->inner = way->inmost = 0;
	} else {
		way->tstate = TABLE;
		way->inner = (uint32_t)number * ENTRY_SIZE + 1;
		way->inmost = (uint32_t)word * 8 + 1;
	}
}

static bool same_way(const struct layout_way *one, const struct layout_way *other)
{
	return one->tstate == other->tstate && one->inner == other->inner &&
	       one->inmost == other->inmost;
}

/* Returns: how many different ways there are; the last of them is in @way. */
static int find_ways(const struct modules *modules, const int64_t *exact,
		     struct layout_way *way)
{
	int count = 0;

	for (int i = 1; i < MODULES; i++)
		for (int j = 0; j < WORDS; j++) {
			const struct module *module = &modules->list[i];
			struct layout_way found = *way;

			if (!module->words[j] ||
			    (exact && module->distance + j * INT64_C(8) != *exact))
				continue;
			set_way(module, i, j, &found);
			/* What is taken for one block may reach into the next. */
			if (!count || !same_way(way, &found))
				count++;
			*way = found;
		}
	return count;
}

bool state_tls_find(struct remote *remote, const struct python *python,
		    const struct threads *threads, struct layout_way *way,
		    const char **why)
{
	struct modules modules;
	int64_t exact;
	bool is_exact = read_machine_code(remote, python, &exact);
	int count;

	look_in_threads(remote, python, threads, &modules);
	if (!modules.seen) {
		*why = "no thread has its PyThreadState in thread-local storage yet";
		return false;
	}
	count = find_ways(&modules, is_exact ? &exact : NULL, way);
	if (count == 1)
		return true;
	*why = count ? "where its threads have their PyThreadState is not to be told "
		       "until one of them releases the GIL"
		     : "its threads have their PyThreadState at different places";
	return false;
}
