// SPDX-License-Identifier: BSD-2-Clause
#include "room.h"

#include <elf.h>
#include <string.h>

#define PAGE_SIZE 4096
#define ALIGN     64

#define MAX_HEADERS 64
#define MAX_SIZE    1024

struct segments {
	uint64_t bias;
	Elf64_Phdr all[MAX_HEADERS];
	int count;
};

static bool read_segments(struct remote *memory, uint64_t start,
			  struct segments *segments)
{
	Elf64_Ehdr header;

	*segments = (struct segments){0};
	if (!remote_read(memory, start, &header, sizeof(header)) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_phentsize != sizeof(*segments->all) ||
	    header.e_phnum > MAX_HEADERS ||
	    !remote_read(memory, start + header.e_phoff, segments->all,
			 header.e_phnum * sizeof(*segments->all)))
		return false;
	segments->count = header.e_phnum;
	for (int i = 0; i < segments->count; i++)
		if (segments->all[i].p_type == PT_LOAD && !segments->all[i].p_offset)
			segments->bias = start - segments->all[i].p_vaddr;
	return true;
}

/* Returns: whether another segment begins in the page of @address. */
static bool is_shared(const struct segments *segments, uint64_t address)
{
	for (int i = 0; i < segments->count; i++) {
		uint64_t start = segments->bias + segments->all[i].p_vaddr;

		if (segments->all[i].p_type == PT_LOAD && start >= address &&
		    start / PAGE_SIZE == address / PAGE_SIZE)
			return true;
	}
	return false;
}

static bool is_unused(struct remote *memory, uint64_t address, uint64_t size)
{
	uint8_t bytes[MAX_SIZE];
	uint64_t mark;

	if (size > sizeof(bytes) || !remote_read(memory, address, bytes, size))
		return false;
	memcpy(&mark, bytes, sizeof(mark));
	if (mark == ROOM_MARK)
		return true;
	for (uint64_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

static bool is_fit(struct target *target, enum room kind, uint64_t address, uint64_t size)
{
	const struct mapping *mapping = mappings_at(&target->mappings, address);

	if (!mapping || address % PAGE_SIZE + size > PAGE_SIZE ||
	    address % PAGE_SIZE == 0)
		return false;
	if (kind == ROOM_CODE)
		return mapping->executable && !mapping->writable;
	return mapping->writable && !mapping->executable &&
	       is_unused(target_memory(target), address, size);
}

static uint64_t find_in(struct target *target, const struct mapping *library,
			enum room kind, uint64_t size)
{
	uint32_t flags = kind == ROOM_CODE ? PF_R | PF_X : PF_R | PF_W;
	struct segments segments;

	if (!read_segments(target_memory(target), library->start, &segments))
		return 0;
	for (int i = 0; i < segments.count; i++) {
		const Elf64_Phdr *segment = &segments.all[i];
		uint64_t end = segments.bias + segment->p_vaddr + segment->p_memsz;

		end = (end + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
		if (segment->p_type == PT_LOAD && segment->p_flags == flags &&
		    !is_shared(&segments, end) && is_fit(target, kind, end, size))
			return end;
	}
	return 0;
}

/*
 * Not in the program, behind whose data its heap may begin, nor in the dynamic linker,
 * which allocates the end of its own last page.
 */
static bool is_library(const struct mapping *mapping)
{
	const char *base = strrchr(mapping->path, '/');

	return base && mapping->inode && !mapping->offset && mapping->readable &&
	       strstr(base, ".so") && strncmp(base, "/ld-", 4) != 0 &&
	       strncmp(base, "/ld.", 4) != 0;
}

uint64_t room_find(struct target *target, enum room kind, uint64_t size)
{
	for (size_t i = 0; i < target->mappings.count; i++) {
		const struct mapping *mapping = &target->mappings.all[i];
		uint64_t found;

		found = is_library(mapping) ? find_in(target, mapping, kind, size) : 0;
		if (found)
			return found;
	}
	return 0;
}
