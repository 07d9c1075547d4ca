/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPython in the process, and whether the library could work with it. */
#ifndef ATTACH_PYTHON_H
#define ATTACH_PYTHON_H

#include <stdbool.h>
#include <stdint.h>

#include "../announce/elf64.h"
#include "target.h"

struct python {
	uint64_t runtime; /* address of _PyRuntime */
	uint32_t version; /* PY_VERSION_HEX */
	struct elf elf;   /* the symbols of the file that it is in */
};

/* Returns: NULL, or why the library cannot be loaded for it, a static string. */
const char *python_find(struct target *target, struct python *python);

/*
 * Do the words of a Python's command line turn remote debugging off? @words: each with
 * its NUL, @size bytes of them, and one more NUL.
 */
bool python_words_disable(const char *words, size_t size);

/* The same of its environment, in the same form. */
bool python_environment_disables(const char *words, size_t size);

#endif /* ATTACH_PYTHON_H */
