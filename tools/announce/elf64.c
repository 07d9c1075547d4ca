// SPDX-License-Identifier: BSD-2-Clause
/*
 * Symbols are looked up where the dynamic linker does it: in the process' memory, by its
 * GNU hash table, in a few reads. So no file is needed, which may lie in another mount
 * namespace, be deleted, or not be ours to read.
 *
 * All numbers may be lies. As addresses they are no matter, since only the kernel follows
 * them; as counts they are bounded.
 */
#include "elf64.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#define MAX_HEADERS  64
#define MAX_DYNAMIC  128
#define MAX_SECTIONS 256
#define MAX_NAMES    16384

/* Symbols with the same bucket: the linker aims at very few. */
#define MAX_CHAIN 512

struct gnu_hash {
	uint32_t bucket_count, first, bloom_words, bloom_shift;
};

static bool is_elf64(const Elf64_Ehdr *header)
{
	return !memcmp(header->e_ident, ELFMAG, SELFMAG) &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_ident[EI_DATA] == ELFDATA2LSB;
}

/* glibc has relocated these addresses in place, musl leaves them as in the file. */
static uint64_t relocated(const struct elf *elf, uint64_t address)
{
	return address < elf->bias ? address + elf->bias : address;
}

static void read_hash(struct remote *remote, uint64_t address, struct elf *elf)
{
	struct gnu_hash hash;

	if (!address || !remote_read(remote, address, &hash, sizeof(hash)))
		return;
	elf->bucket_count = hash.bucket_count;
	elf->first = hash.first;
	elf->buckets =
		address + sizeof(hash) + (uint64_t)hash.bloom_words * sizeof(uint64_t);
	elf->chains = elf->buckets + (uint64_t)hash.bucket_count * sizeof(uint32_t);
}

static void read_dynamic(struct remote *remote, uint64_t address, uint64_t size,
			 struct elf *elf)
{
	Elf64_Dyn dynamic[MAX_DYNAMIC];
	uint64_t hash = 0;

	if (size > sizeof(dynamic))
		size = sizeof(dynamic);
	if (!remote_read(remote, address, dynamic, size))
		return;
	for (size_t i = 0; i < size / sizeof(*dynamic); i++) {
		uint64_t value = relocated(elf, dynamic[i].d_un.d_ptr);

		if (dynamic[i].d_tag == DT_NULL)
			break;
		if (dynamic[i].d_tag == DT_SYMTAB)
			elf->symbols = value;
		else if (dynamic[i].d_tag == DT_STRTAB)
			elf->strings = value;
		else if (dynamic[i].d_tag == DT_GNU_HASH)
			hash = value;
	}
	read_hash(remote, hash, elf);
}

bool elf_open(struct remote *remote, uint64_t start, struct elf *elf)
{
	Elf64_Ehdr header;
	Elf64_Phdr headers[MAX_HEADERS];
	const Elf64_Phdr *dynamic = NULL;

	*elf = (struct elf){0};
	if (!remote_read(remote, start, &header, sizeof(header)) || !is_elf64(&header) ||
	    header.e_phentsize != sizeof(*headers) || header.e_phnum > MAX_HEADERS ||
	    !remote_read(remote, start + header.e_phoff, headers,
			 header.e_phnum * sizeof(*headers)))
		return false;
	elf->machine = header.e_machine;
	for (int i = 0; i < header.e_phnum; i++) {
		if (headers[i].p_type == PT_LOAD && headers[i].p_offset == 0)
			elf->bias = start - headers[i].p_vaddr;
		else if (headers[i].p_type == PT_TLS)
			elf->tls_size = headers[i].p_memsz;
		else if (headers[i].p_type == PT_DYNAMIC)
			dynamic = &headers[i];
	}
	if (dynamic)
		read_dynamic(remote, dynamic->p_vaddr + elf->bias, dynamic->p_memsz, elf);
	return true;
}

/* As the dynamic linker does. */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	while (*name)
		hash = hash * 33 + (unsigned char)*name++;
	return hash;
}

/* Returns: whether symbol @index is a definition of @name, and its address in @found. */
static bool defines(struct remote *remote, const struct elf *elf, uint32_t index,
		    const char *name, uint64_t *found)
{
	Elf64_Sym symbol;

	if (!remote_read(remote, elf->symbols + (uint64_t)index * sizeof(symbol), &symbol,
			 sizeof(symbol)) ||
	    symbol.st_shndx == SHN_UNDEF ||
	    !remote_is_text(remote, elf->strings + symbol.st_name, name))
		return false;
	*found = symbol.st_value + elf->bias;
	return true;
}

uint64_t elf_symbol(struct remote *remote, const struct elf *elf, const char *name)
{
	uint32_t hash = hash_of(name), index;
	uint64_t found;

	if (!elf->symbols || !elf->strings || !elf->bucket_count)
		return 0;
	if (!remote_read(remote,
			 elf->buckets + hash % elf->bucket_count * sizeof(uint32_t),
			 &index, sizeof(index)) ||
	    index < elf->first)
		return 0;
	for (int i = 0; i < MAX_CHAIN; i++, index++) {
		uint64_t place = (uint64_t)(index - elf->first) * sizeof(uint32_t);
		uint32_t its;

		if (!remote_read(remote, elf->chains + place, &its, sizeof(its)))
			return 0;
		/* The lowest bit is not part of the hash: it is set for the last one. */
		if ((its | 1) == (hash | 1) && defines(remote, elf, index, name, &found))
			return found;
		if (its & 1)
			return 0;
	}
	return 0;
}

static bool read_at(int fd, void *to, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

uint64_t elf_section(int fd, const char *name)
{
	Elf64_Ehdr header;
	Elf64_Shdr sections[MAX_SECTIONS];
	char names[MAX_NAMES];
	uint64_t size;

	if (!read_at(fd, &header, sizeof(header), 0) || !is_elf64(&header) ||
	    header.e_shentsize != sizeof(*sections) || header.e_shnum > MAX_SECTIONS ||
	    header.e_shstrndx >= header.e_shnum ||
	    !read_at(fd, sections, header.e_shnum * sizeof(*sections), header.e_shoff))
		return 0;
	size = sections[header.e_shstrndx].sh_size;
	if (size > sizeof(names))
		size = sizeof(names);
	if (!size || !read_at(fd, names, size, sections[header.e_shstrndx].sh_offset))
		return 0;
	names[size - 1] = 0;
	for (int i = 0; i < header.e_shnum; i++)
		if (sections[i].sh_name < size &&
		    !strcmp(names + sections[i].sh_name, name))
			return sections[i].sh_addr;
	return 0;
}
