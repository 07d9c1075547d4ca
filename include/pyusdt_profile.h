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
 * ABI: fields are appended, never moved.
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

#endif /* PYUSDT_PROFILE_H */
