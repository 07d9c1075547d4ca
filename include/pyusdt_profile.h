/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the library has counted and timed of a function.
 *
 * The probe pyusdt:PROFILE(qualname, file, line, calls, own, sums, id, total, max,
 * resumes) hands a pointer to this struct to whoever traces it, in the memory of the
 * traced process and valid for the hit only: what has been added since the last hit for
 * this function, so that a BPF program uses sum(), and max() for max. Programs get it
 * from pyusdt_profile_visit().
 *
 * An activation of a function begins when it is called, or as a generator or coroutine
 * resumed or thrown into; it ends with a return, a yield or an exception. Times are in
 * nanoseconds, of the clock on the wall.
 *
 * ABI: fields are appended, never moved; in a row there is room for two more sums.
 *
 * Since: 0.1
 */
#ifndef PYUSDT_PROFILE_H
#define PYUSDT_PROFILE_H

/* vmlinux.h, of libbpf programs, has these types itself. */
#ifndef __VMLINUX_H__
#include <stdint.h>
#endif

struct pyusdt_sums {
	uint64_t calls;   /*  0  activations that were calls */
	uint64_t own;     /*  8  ns in which it was the innermost function, with what of
			   *     C it called (unless that is counted, too) */
	uint64_t total;   /* 16  ns in which it was active, each counted once, however
			   *     often it was on the stack */
	uint64_t max;     /* 24  ns of its longest activation since counting began */
	uint64_t resumes; /* 32  activations that were none */
	uint64_t exceptions; /* 40  activations that ended with an exception */
};

/*
 * The probe pyusdt:PROFILE_TABLE(table) hands over a pointer to the table below before
 * anything is counted, in the child of a fork, too, and about once a second. With it a
 * BPF program reads, when the process ends or executes another program, what no hit of
 * PROFILE has told: of each row the difference between its sums and what was told of
 * them. Not before no other thread of the process runs any more: one may tell what is
 * read otherwise. Times are in ticks:
 *
 *   ns = (ticks >> 20) * table.scale + ((ticks & 0xfffff) * table.scale >> 20)
 *
 * A process may end before, at or after a hit. So a BPF program keeps table.hit as it is
 * at the last hit that it has seen. If it is the same at the end, what was told of
 * table.telling is in table.sums, and not, or not all of it, in that row.
 */
struct pyusdt_profile_row {
	struct pyusdt_sums sums; /*   0  of a function in one thread, or of that in all
				  *      threads that have ended */
	uint64_t internal[2];    /*  48 */
	struct pyusdt_sums told; /*  64  those of it that PROFILE has told */
	uint64_t thread; /* 112  the thread pointer of that thread; 0: of those ended */
	uint64_t filename_length;              /* 120  in bytes */
	const char *qualname;                  /* 128 */
	const char *filename;                  /* 136 */
	uint64_t line;                         /* 144 */
	const struct pyusdt_profile_row *next; /* 152  NULL: the last */
};

struct pyusdt_profile_table {
	uint64_t size;                            /*  0  of this struct, in bytes */
	uint64_t scale;                           /*  8  ns of 2^20 ticks */
	uint64_t count;                           /* 16  how many rows there are */
	const struct pyusdt_profile_row *rows;    /* 24  NULL: none */
	uint64_t hit;                             /* 32  number of the last hit */
	const struct pyusdt_profile_row *telling; /* 40  whose it is; NULL: it is over */
	struct pyusdt_sums sums;                  /* 48  what is told with it */
};

#endif /* PYUSDT_PROFILE_H */
