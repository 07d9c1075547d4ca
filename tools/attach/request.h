/* SPDX-License-Identifier: BSD-2-Clause */
/* One request to a process, by whichever way in leads there, until it is answered. */
#ifndef ATTACH_REQUEST_H
#define ATTACH_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "control/attach.h"

struct request {
	pid_t pid;
	const char *library; /* file to load, where it has none yet */
	uint64_t events;     /* ATTACH_EVENTS; 0: to disarm */
	int msec;            /* how long to try */
	bool no_stop;        /* the main thread must not be stopped */
};

enum outcome {
	OUTCOME_ANSWERED,
	OUTCOME_REFUSED,
	OUTCOME_LATE, /* not in time; the request is taken back */
};

struct answer {
	enum outcome outcome;
	char why[512];             /* where it is not answered */
	struct attach_state state; /* where it is */
	uint32_t python;           /* PY_VERSION_HEX, 0: not known */
	bool loaded;               /* the library had to be */
	int64_t stood; /* microseconds that the main thread was stopped; -1: it was not */
};

void request_make(const struct request *request, struct answer *answer);

/* From a signal handler: give up as soon as that can be. */
void request_interrupt(void);

#endif /* ATTACH_REQUEST_H */
