/* SPDX-License-Identifier: BSD-2-Clause */
/* The probe pyusdt:PROCESS of this program. */
#ifndef ANNOUNCE_PROBE_H
#define ANNOUNCE_PROBE_H

#include <stdbool.h>
#include <sys/types.h>

#include "layout/layout_words.h"

/* Whether it has a tracer. */
bool probe_process_watched(void);

/* The tracer sees: @pid, tstate, walk, names, rest, version. */
void probe_process(pid_t pid, const struct layout_words *words);

#endif /* ANNOUNCE_PROBE_H */
