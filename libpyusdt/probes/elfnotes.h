/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * These functions say which probes of the provider "python" the interpreter itself has,
 * and fires.
 */
#ifndef PYUSDT_ELFNOTES_H
#define PYUSDT_ELFNOTES_H

#include <stdint.h>

/*
 * Where the interpreter has a probe itself, ours of that name stays silent: a tracer
 * would see everything twice. PYUSDT_COMPAT=1 in the environment has ours fire all the
 * same; then none are found here. The interpreter's file is read once. Any thread, no
 * GIL needed.
 *
 * Returns: the events whose probe the interpreter has, as a mask of pyusdt.h.
 */
uint64_t elfnotes_python_events(void);

/* Returns: those that the ELF file at @path, of this machine's kind, has; 0: none. */
uint64_t elfnotes_file_events(const char *path);

#endif /* PYUSDT_ELFNOTES_H */
