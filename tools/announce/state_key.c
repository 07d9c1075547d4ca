// SPDX-License-Identifier: BSD-2-Clause
/*
 * CPython has the state in a pthread key that it makes when it begins. Others, such as
 * pybind11, make keys of their own with the very same pointer, later: of several keys
 * with the state the lowest is CPython's, unless _PyRuntime names one of them.
 *
 * glibc: struct pthread, which is at the thread pointer, has {sequence, data} for each of
 * the first 32 keys, and right after them pointers to all blocks of 32 such pairs, the
 * first of which points to those in the struct itself. By this identity the place is
 * known, in every version of glibc, without a symbol.
 *
 * musl: its struct pthread has a pointer to an array with one pointer for each key.
 */
#include "state_key.h"

#include <string.h>

#define BLOCK_KEYS 32
#define BLOCKS     5
#define MAX_KEYS   (BLOCK_KEYS * BLOCKS)

/* How much of a struct pthread is looked at: more than any has. */
#define STRUCT_WORDS 512

struct pair {
	uint64_t sequence, data;
};

/* The keys with which all threads seen so far have their state. */
struct candidates {
	bool keys[MAX_KEYS];
	uint32_t blocks; /* in struct pthread: pointers to the blocks */
	int seen;        /* threads that have their state with any key */
};

/* Returns: where in struct pthread the pointers to the blocks are, 0: not glibc's. */
static uint32_t find_blocks(struct remote *remote, uint64_t pointer)
{
	uint64_t words[STRUCT_WORDS];
	size_t count = remote_read_some(remote, pointer, words, sizeof(words)) / 8;
	size_t size = BLOCK_KEYS * sizeof(struct pair);

	for (size_t i = size / 8; i < count; i++)
		if (words[i] == pointer + i * 8 - size)
			return (uint32_t)i * 8;
	return 0;
}

/* Returns: whether the thread has its state with any key, which are set in @keys. */
static bool find_keys(struct remote *remote, const struct thread *thread, uint32_t blocks,
		      bool keys[MAX_KEYS])
{
	bool any = false;

	memset(keys, 0, sizeof(bool[MAX_KEYS]));
	for (int i = 0; i < BLOCKS; i++) {
		uint64_t address =
			remote_word(remote, thread->pointer + blocks + i * 8UL);
		struct pair block[BLOCK_KEYS];

		if (!address || !remote_read(remote, address, block, sizeof(block)))
			continue;
		for (int j = 0; j < BLOCK_KEYS; j++)
			if (block[j].sequence && block[j].data == thread->state)
				keys[i * BLOCK_KEYS + j] = any = true;
	}
	return any;
}

static bool find_candidates(struct remote *remote, const struct threads *threads,
			    struct candidates *candidates)
{
	*candidates = (struct candidates){.seen = 0};
	memset(candidates->keys, 1, sizeof(candidates->keys));
	for (int i = 0; i < threads->count; i++) {
		const struct thread *thread = &threads->list[i];
		uint32_t blocks = find_blocks(remote, thread->pointer);
		bool keys[MAX_KEYS];

		if (!blocks || (candidates->seen && blocks != candidates->blocks) ||
		    !find_keys(remote, thread, blocks, keys))
			continue;
		for (int j = 0; j < MAX_KEYS; j++)
			candidates->keys[j] &= keys[j];
		candidates->blocks = blocks;
		candidates->seen++;
	}
	return candidates->seen;
}

/* Returns: the key, -1: there is none. */
static int choose(struct remote *remote, uint64_t runtime,
		  const struct internals *internals, const bool keys[MAX_KEYS])
{
	struct {
		uint32_t initialised, key;
	} own;

	if (internals->key &&
	    remote_read(remote, runtime + internals->key, &own, sizeof(own)) &&
	    own.initialised == 1 && own.key < MAX_KEYS && keys[own.key])
		return (int)own.key;
	for (int i = 0; i < MAX_KEYS; i++)
		if (keys[i])
			return i;
	return -1;
}

static void set_glibc(uint32_t blocks, uint32_t key, struct layout_way *way)
{
	const uint32_t size = BLOCK_KEYS * sizeof(struct pair);
	uint32_t place = key % BLOCK_KEYS * sizeof(struct pair) + sizeof(uint64_t);

	if (key < BLOCK_KEYS) {
		way->tstate = blocks - size + place;
		way->inner = 0;
	} else {
		way->tstate = blocks + key / BLOCK_KEYS * 8;
		way->inner = place + 1;
	}
	way->inmost = 0;
}

#define MUSL_STRUCT 256
#define MUSL_KEYS   128

/* Returns: whether the thread has its state in the array to which the word points. */
static bool find_in_array(struct remote *remote, const struct thread *thread, uint32_t at,
			  struct layout_way *way)
{
	uint64_t array[MUSL_KEYS];
	uint64_t address = remote_word(remote, thread->pointer + at);

	if (!address || !remote_read(remote, address, array, sizeof(array)))
		return false;
	for (uint32_t i = 0; i < MUSL_KEYS; i++)
		if (array[i] == thread->state) {
			way->tstate = at;
			way->inner = i * 8 + 1;
			way->inmost = 0;
			return true;
		}
	return false;
}

static bool find_musl(struct remote *remote, const struct threads *threads,
		      struct layout_way *way)
{
	for (int i = 0; i < threads->count; i++)
		for (uint32_t at = 8; at < MUSL_STRUCT; at += 8)
			if (find_in_array(remote, &threads->list[i], at, way))
				return true;
	return false;
}

bool state_key_find(struct remote *remote, uint64_t runtime,
		    const struct internals *internals, const struct threads *threads,
		    struct layout_way *way, const char **why)
{
	struct candidates candidates;
	int key;

	if (!find_candidates(remote, threads, &candidates)) {
		if (find_musl(remote, threads, way))
			return true;
		*why = "no thread has its PyThreadState in pthread-specific data yet";
		return false;
	}
	key = choose(remote, runtime, internals, candidates.keys);
	if (key < 0) {
		*why = "its threads have their PyThreadState with different pthread keys";
		return false;
	}
	set_glibc(candidates.blocks, (uint32_t)key, way);
	return true;
}
