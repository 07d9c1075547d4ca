// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file reads the notes of an ELF file in which its USDT probes are described, to
 * learn whether the interpreter has probes of the provider "python" of its own.
 */
#include "probes/elfnotes.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/pycompat.h"
#include "events/events.h"

#define PROVIDER     "python"
#define NOTE_SECTION ".note.stapsdt"
#define NOTE_OWNER   "stapsdt"
#define NOTE_TYPE    3
/* The description of a note: three addresses, then provider, name and arguments. */
#define NOTE_ADDRESSES (3 * sizeof(ElfW(Addr)))

struct file {
	const char *data;
	size_t size;
};

static const struct {
	const char *probe;
	enum event event;
} probes[] = {
#define COMPAT(name, bit, probe, ...) {#probe, EVENT_##name},
#include "events/events.def"
};

static uint64_t event_of(const char *probe)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		if (!strcmp(probes[i].probe, probe))
			return event_bit(probes[i].event);
	return 0;
}

/* Returns: what is at @offset, NULL where the file does not have so much. */
static const void *at(const struct file *file, uint64_t offset, uint64_t size)
{
	if (offset > file->size || size > file->size - offset)
		return NULL;
	return file->data + offset;
}

/* This is at() for structs: ELF aligns them, but a file may hold anything. */
static const void *aligned_at(const struct file *file, uint64_t offset, uint64_t size,
			      size_t alignment)
{
	const void *start = at(file, offset, size);

	return (uintptr_t)start % alignment ? NULL : start;
}

/* Returns: the string at @offset of @part, NULL where it does not end. */
static const char *string_at(const struct file *part, uint64_t offset)
{
	const char *start = at(part, offset, 1);

	return start && memchr(start, '\0', part->size - offset) ? start : NULL;
}

/* @description: of a note of NOTE_OWNER. */
static uint64_t event_of_note(const struct file *description)
{
	const char *provider = string_at(description, NOTE_ADDRESSES);
	const char *name;

	if (!provider || strcmp(provider, PROVIDER) != 0)
		return 0;
	name = string_at(description, NOTE_ADDRESSES + sizeof(PROVIDER));
	return name ? event_of(name) : 0;
}

static uint64_t padded(uint64_t size)
{
	return (size + 3) & ~UINT64_C(3);
}

static uint64_t events_of_notes(const struct file *section)
{
	uint64_t events = 0, offset = 0;
	const ElfW(Nhdr) * note;

	while ((note = aligned_at(section, offset, sizeof(*note),
				  _Alignof(ElfW(Nhdr))))) {
		uint64_t owner_at = offset + sizeof(*note);
		uint64_t description_at = owner_at + padded(note->n_namesz);
		const char *owner = string_at(section, owner_at);
		struct file description = {
			.data = at(section, description_at, note->n_descsz),
			.size = note->n_descsz,
		};

		if (!owner || !description.data)
			break;
		if (note->n_type == NOTE_TYPE && !strcmp(owner, NOTE_OWNER))
			events |= event_of_note(&description);
		offset = description_at + padded(note->n_descsz);
	}
	return events;
}

static bool is_elf(const ElfW(Ehdr) * header)
{
	return header && !memcmp(header->e_ident, ELFMAG, SELFMAG) &&
	       header->e_ident[EI_CLASS] ==
		       (sizeof(ElfW(Addr)) == 8 ? ELFCLASS64 : ELFCLASS32) &&
	       header->e_shentsize == sizeof(ElfW(Shdr));
}

static uint64_t events_of_file(const struct file *file)
{
	const ElfW(Ehdr) *header = at(file, 0, sizeof(*header));
	const ElfW(Shdr) * sections, *names;
	uint64_t events = 0;

	if (!is_elf(header))
		return 0;
	sections = aligned_at(file, header->e_shoff,
			      (uint64_t)header->e_shnum * sizeof(*sections),
			      _Alignof(ElfW(Shdr)));
	if (!sections || header->e_shstrndx >= header->e_shnum)
		return 0;
	names = &sections[header->e_shstrndx];
	for (int i = 0; i < header->e_shnum; i++) {
		const char *name =
			string_at(file, names->sh_offset + sections[i].sh_name);
		struct file section = {
			.data = at(file, sections[i].sh_offset, sections[i].sh_size),
			.size = sections[i].sh_size,
		};

		if (name && !strcmp(name, NOTE_SECTION) && section.data)
			events |= events_of_notes(&section);
	}
	return events;
}

uint64_t elfnotes_file_events(const char *path)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t events = 0;
	struct stat status;

	if (descriptor < 0)
		return 0;
	if (fstat(descriptor, &status) == 0 && status.st_size > 0) {
		struct file file = {.size = (size_t)status.st_size};
		void *data = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, descriptor, 0);

		if (data != MAP_FAILED) {
			file.data = data;
			events = events_of_file(&file);
			munmap(data, file.size);
		}
	}
	close(descriptor);
	return events;
}

struct search {
	uintptr_t address;
	uint64_t events;
};

/* dl_iterate_phdr() calls this: is it the object that has the address in it? */
static int look_at_object(struct dl_phdr_info *info, size_t size, void *context)
{
	struct search *search = context;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || search->address < start ||
		    search->address - start >= segment->p_memsz)
			continue;
		/* The program itself has no name. */
		search->events = elfnotes_file_events(
			*info->dlpi_name ? info->dlpi_name : "/proc/self/exe");
		return 1;
	}
	return 0;
}

static uint64_t found;

static void look(void)
{
	const char *compat = secure_getenv("PYUSDT_COMPAT");
	struct search search = {.address = (uintptr_t)pycompat_interpreter()};

	if (compat && !strcmp(compat, "1"))
		return;
	dl_iterate_phdr(look_at_object, &search);
	found = search.events;
}

uint64_t elfnotes_python_events(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, look);
	return found;
}
