/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way in that CPython itself has from 3.14 on, PEP 768: its main thread runs a script
 * when it is next between two instructions. Nothing stops.
 */
#ifndef ATTACH_SCRIPT_H
#define ATTACH_SCRIPT_H

#include <stdint.h>

#include "debug_offsets.h"
#include "target.h"

enum script_result {
	SCRIPT_TAKEN,    /* it is being run */
	SCRIPT_NOT,      /* the main thread did not come by; nothing is left behind */
	SCRIPT_OTHERS,   /* a request of someone else is there */
	SCRIPT_EARLY,    /* there is no main thread yet, or it cannot be asked any more */
	SCRIPT_DISABLED, /* its user does not want that */
};

/* Have it run the script at @path, for which it is waited @msec milliseconds. */
enum script_result script_run(struct target *target, const struct python *python,
			      const struct debug_offsets *offsets, const char *path,
			      int msec);

/* Returns: whether its user has turned remote debugging off. */
bool script_disabled(struct target *target, const struct python *python,
		     const struct debug_offsets *offsets);

/* The script that has the library at @library serve @request. Returns: its size. */
int script_text(char *text, size_t size, const char *library, uint64_t request);

#endif /* ATTACH_SCRIPT_H */
