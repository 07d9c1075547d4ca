/* SPDX-License-Identifier: BSD-2-Clause */
/* libpyusdt in the process: where it is, and what it answers. */
#ifndef ATTACH_LIBRARY_H
#define ATTACH_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

#include "control/attach.h"
#include "target.h"

struct library {
	bool loaded;     /* any libpyusdt is */
	uint64_t attach; /* address of _pyusdt_attach(), 0: it is none of ours */
	uint64_t state;  /* address of _pyusdt_attached */
	char path[256];  /* by which the process can load it again, "": by none */
};

/* By the mappings as they are in @target. */
void library_find(struct target *target, struct library *library);

/* Returns: whether it is one of this release, and @state is what it says. */
bool library_state(struct target *target, const struct library *library,
		   struct attach_state *state);

/* Nobody is to serve a request that has not been taken yet. Returns: whether it has been.
 */
bool library_take_back(struct target *target, const struct library *library);

#endif /* ATTACH_LIBRARY_H */
