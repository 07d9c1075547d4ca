/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code that the main thread of a process is led through, and the two blocks of memory
 * that it needs there: itself with its numbers behind it, and data that it writes to.
 *
 * It keeps every register, the flags, all floating point and vector state, errno and what
 * lies below the stack pointer. Signals wait meanwhile. At its end the thread goes on, or
 * its system call begins anew: unless there is a signal with a handler, for which the
 * call returns EINTR as it would have done.
 */
#ifndef ATTACH_GRAFT_CODE_H
#define ATTACH_GRAFT_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum graft_state {
	GRAFT_PLANTED, /* the thread has not come there yet */
	GRAFT_INSIDE,
	GRAFT_THROUGH, /* but for its last instructions */
};

struct graft_data {
	uint64_t mark;  /* ROOM_MARK */
	uint32_t state; /* enum graft_state */
	int32_t result; /* what _pyusdt_attach() has returned */
	uint64_t error; /* address of the dynamic linker's message where it refused, or 0
			 */
	uint64_t blocked;  /* the thread's signal mask */
	uint64_t pending;  /* signals that came meanwhile */
	uint64_t all;      /* every signal */
	char symbol[16];   /* "_pyusdt_attach" */
	char library[256]; /* path, as the process has it */
};

/* All addresses are the process'. */
struct graft_slots {
	uint64_t back;        /* where it goes on, or its system call begins anew */
	uint64_t interrupted; /* ... where that has returned EINTR */
	uint64_t caught;      /* signals for which it shall return so */
	uint64_t errno_location, dlopen, dlsym, dlerror;
	uint64_t attach; /* _pyusdt_attach(), 0: the library is to be loaded */
	uint64_t request, from;
	uint64_t xsave; /* bytes that floating point and vector state takes */
	uint64_t data;  /* struct graft_data */
};

/* Code and slots together, in words. */
#define GRAFT_CODE_WORDS 80

/* Returns: whether there is such code for this processor. */
bool graft_code_supported(void);

/* Returns: how many bytes processors save of floating point and vector state. */
uint64_t graft_code_xsave(void);

/* Fill @words, GRAFT_CODE_WORDS of them. */
void graft_code_make(uint64_t *words, const struct graft_slots *slots);

#endif /* ATTACH_GRAFT_CODE_H */
