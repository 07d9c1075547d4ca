/* SPDX-License-Identifier: BSD-2-Clause */
/* The probes of the provider "python" that the interpreter itself has and fires. */
#ifndef PYUSDT_ELFNOTES_H
#define PYUSDT_ELFNOTES_H

#include <stdint.h>

/*
 * Of these, a tracer would see everything twice: ours stay silent. With PYUSDT_COMPAT=1
 * in the environment they do not. What the file of the interpreter says is read once. Any
 * thread, no GIL needed.
 *
 * Returns: events as a mask of pyusdt.h.
 */
uint64_t elfnotes_python_events(void);

/* Returns: those that the ELF file at @path, of this machine's kind, has; 0: none. */
uint64_t elfnotes_file_events(const char *path);

#endif /* PYUSDT_ELFNOTES_H */
