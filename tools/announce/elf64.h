/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbols of a program or library that a process has in its memory. */
#ifndef ANNOUNCE_ELF64_H
#define ANNOUNCE_ELF64_H

#include <stdbool.h>
#include <stdint.h>

#include "remote.h"

struct elf {
	uint64_t bias;     /* from the file's addresses to the process' */
	uint64_t tls_size; /* of a thread's block of its thread-local variables */
	uint16_t machine;  /* EM_X86_64 and so on */
	/* Where the dynamic symbols are, 0 where there are none. */
	uint64_t symbols, strings, buckets, chains;
	uint32_t bucket_count, first;
};

/* @start: where the beginning of the file is mapped. Returns: whether it is 64-bit ELF.
 */
bool elf_open(struct remote *remote, uint64_t start, struct elf *elf);

/* Returns: the address in the process of what it defines by that name, 0: it does not. */
uint64_t elf_symbol(struct remote *remote, const struct elf *elf, const char *name);

/* Returns: the address, in the file's terms, of that section of the file @fd; or 0. */
uint64_t elf_section(int fd, const char *name);

#endif /* ANNOUNCE_ELF64_H */
