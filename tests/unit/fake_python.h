/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process with a CPython, made of nothing but the words that are looked at. Each test
 * takes one that is right, and makes it wrong in one place.
 */
#ifndef FAKE_PYTHON_H
#define FAKE_PYTHON_H

#include <stdint.h>

#include "fake_remote.h"
#include "look.h"
#include "maps.h"

#define FAKE_THREADS 2
#define FAKE_FRAMES  3

/* Where things are in the process. */
#define FAKE_IMAGE   UINT64_C(0x400000) /* the program, linked for this address */
#define FAKE_LIBRARY UINT64_C(0x7f1000000000)
#define FAKE_RUNTIME (FAKE_IMAGE + 0x2000)
#define FAKE_HEAP    UINT64_C(0x10000000)
#define FAKE_INTERP  FAKE_HEAP
#define FAKE_OBJECT  (FAKE_HEAP + 0x400)
#define FAKE_TEXT    (FAKE_HEAP + 0x600)
#define FAKE_TABLE   (FAKE_HEAP + 0x700) /* 3.15: the first thread's table of modules */
#define FAKE_BLOCK                                                          \
	(FAKE_HEAP + 0xb00) /* keys from 32 on, or a block that is anywhere \
			     */
#define FAKE_STATE(thread)    (FAKE_HEAP + 0x1000 + (thread) * 0x1000UL)
#define FAKE_FRAME(thread, n) (FAKE_STATE(thread) + 0x400 + (n) * 0x80UL)
#define FAKE_POINTER(thread)  (UINT64_C(0x7f0000000700) + (thread) * 0x10000UL)

/* In the program. */
#define FAKE_HASH      (FAKE_IMAGE + 0x400)
#define FAKE_SYMBOLS   (FAKE_IMAGE + 0x600)
#define FAKE_STRINGS   (FAKE_IMAGE + 0x900)
#define FAKE_GET_STATE (FAKE_IMAGE + 0xb00)
#define FAKE_VERSION   (FAKE_IMAGE + 0xc00)
#define FAKE_TYPES     (FAKE_IMAGE + 0xd00)

/* glibc's struct pthread: the keys, and the pointers to blocks of them. */
#define FAKE_KEYS   0x310
#define FAKE_BLOCKS 0x510
#define FAKE_KEY    3

struct fake_python {
	struct fake_remote fake;
	struct maps maps;
	unsigned char image[0x4000], library[0x2000], heap[0x4000];
	unsigned char threads[FAKE_THREADS][0x3000];
};

/* @version: PY_VERSION_HEX, of 3.12 to 3.15. */
void fake_python_init(struct fake_python *python, uint32_t version);

/* Write one word at an address of the process. */
void fake_put(struct fake_python *python, uint64_t address, uint64_t word);
uint64_t fake_get(struct fake_python *python, uint64_t address);

/* Where in struct _Py_DebugOffsets a version has it: from its neighbours in libpyusdt. */
void fake_put_bytes(struct fake_python *python, uint64_t address, const void *bytes,
		    size_t size);

/* Of @thread: its state with a pthread key. */
void fake_set_key(struct fake_python *python, int thread, unsigned int key,
		  uint64_t state);

/* Of 3.15, @thread: the block of module @module is at @address. */
void fake_set_module(struct fake_python *python, int thread, unsigned int module,
		     uint64_t address);

/* Make symbol @name, which the program has, undefined there. */
void fake_hide(struct fake_python *python, const char *name);

struct look fake_look(struct fake_python *python);

#endif /* FAKE_PYTHON_H */
