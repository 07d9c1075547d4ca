/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a thread has its PyThreadState from CPython 3.15 on: a thread-local variable. */
#ifndef ANNOUNCE_STATE_TLS_H
#define ANNOUNCE_STATE_TLS_H

#include <stdbool.h>

#include "layout/layout_words.h"
#include "python.h"
#include "remote.h"
#include "threads.h"

/* Returns: false, and a static string in @why, where it cannot be told. */
bool state_tls_find(struct remote *remote, const struct python *python,
		    const struct threads *threads, struct layout_way *way,
		    const char **why);

#endif /* ANNOUNCE_STATE_TLS_H */
