/* SPDX-License-Identifier: BSD-2-Clause */
/* One look at a process: all steps from its memory to the words of PROCESS. */
#ifndef ANNOUNCE_LOOK_H
#define ANNOUNCE_LOOK_H

#include <stdint.h>

#include "layout/layout_words.h"
#include "maps.h"
#include "remote.h"

enum finding {
	FOUND_LAYOUT, /* words is set */
	FOUND_EARLY,  /* a CPython that cannot be read yet */
	FOUND_OTHER,  /* a Python that is not known, and will not be */
	FOUND_NONE,   /* no Python; one may be loaded later */
	FOUND_HIDDEN, /* it may not be read */
};

struct look {
	enum finding finding;
	uint32_t version; /* PY_VERSION_HEX, 0: not known */
	const char *why;  /* a static string; NULL for FOUND_LAYOUT */
	struct layout_words words;
};

void look_at(struct remote *remote, const struct maps *maps, struct look *look);

#endif /* ANNOUNCE_LOOK_H */
