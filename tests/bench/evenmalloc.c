// SPDX-License-Identifier: BSD-2-Clause
/*
 * An allocator that takes the same instructions for a size whatever came before,
 * preloaded where instructions are counted. With others they depend on how full a pool
 * is, by up to 2 % of a program: that would hide what is looked for.
 *
 * Memory is in size classes, each with a list of free blocks per thread, and never given
 * back. Blocks are aligned alike, since memcpy() and memset() take different ways.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT  __attribute__((visibility("default")))
#define ALIGN   64
#define SMALL   1024 /* up to here a class for each multiple of ALIGN */
#define CLASSES (SMALL / ALIGN + 1 + 64)
#define ROOM    ((size_t)1 << 33) /* of addresses; memory is taken where it is written */

struct block {
	size_t class;
	size_t size;
	struct block *next; /* where it is free */
} __attribute__((aligned(ALIGN)));

static __thread struct block *lists[CLASSES] __attribute__((tls_model("initial-exec")));
static char *room;   /* atomic */
static size_t taken; /* atomic */

EXPORT void *malloc(size_t size);
EXPORT void free(void *memory);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *memory, size_t size);
EXPORT int posix_memalign(void **memory, size_t alignment, size_t size);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT void *memalign(size_t alignment, size_t size);
EXPORT size_t malloc_usable_size(void *memory);

static size_t class_of(size_t size)
{
	if (size <= SMALL)
		return (size + ALIGN - 1) / ALIGN;
	return SMALL / ALIGN + 1 + (size_t)(64 - __builtin_clzl(size - 1));
}

static size_t class_size(size_t class)
{
	if (class <= SMALL / ALIGN)
		return class * ALIGN;
	return (size_t)1 << (class - SMALL / ALIGN - 1);
}

static char *get_room(void)
{
	char *start = __atomic_load_n(&room, __ATOMIC_ACQUIRE);
	char *none = NULL;
	char *mapped;

	if (start)
		return start;
	mapped = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapped == MAP_FAILED)
		return NULL;
	/* The first one stays. */
	if (!__atomic_compare_exchange_n(&room, &none, mapped, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		munmap(mapped, ROOM);
		return none;
	}
	return mapped;
}

static struct block *cut(size_t size)
{
	char *start = get_room();
	size_t offset = __atomic_fetch_add(&taken, size, __ATOMIC_RELAXED);

	return start && offset + size <= ROOM ? (struct block *)(start + offset) : NULL;
}

void *malloc(size_t size)
{
	size_t class = class_of(size);
	struct block *block = lists[class];

	if (block) {
		lists[class] = block->next;
	} else {
		block = cut(sizeof(*block) + class_size(class));
		if (!block) {
			errno = ENOMEM;
			return NULL;
		}
		block->class = class;
		block->size = class_size(class);
	}
	return block + 1;
}

void free(void *memory)
{
	struct block *block = (struct block *)memory - 1;

	if (!memory)
		return;
	block->next = lists[block->class];
	lists[block->class] = block;
}

void *calloc(size_t count, size_t size)
{
	size_t all;
	void *memory;

	if (__builtin_mul_overflow(count, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	memory = malloc(all);
	return memory ? memset(memory, 0, all) : NULL;
}

void *realloc(void *memory, size_t size)
{
	size_t old;
	void *new;

	if (!memory)
		return malloc(size);
	old = malloc_usable_size(memory);
	if (class_of(size) == ((struct block *)memory - 1)->class)
		return memory;
	new = malloc(size);
	if (new) {
		memcpy(new, memory, old < size ? old : size);
		free(memory);
	}
	return new;
}

/* Of more than ALIGN, which hardly anyone asks for: such blocks are cut anew each time.
 */
void *memalign(size_t alignment, size_t size)
{
	struct block *block;
	uintptr_t start;

	if (alignment <= ALIGN)
		return malloc(size);
	block = cut(sizeof(*block) + alignment + class_size(class_of(size)));
	if (!block)
		return NULL;
	start = ((uintptr_t)(block + 1) + alignment - 1) & ~(alignment - 1);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	block = (struct block *)start - 1;
	block->class = class_of(size);
	block->size = class_size(block->class);
	return block + 1;
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
	*memory = memalign(alignment, size);
	return *memory ? 0 : ENOMEM;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

size_t malloc_usable_size(void *memory)
{
	return memory ? ((struct block *)memory - 1)->size : 0;
}
