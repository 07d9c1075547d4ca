/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What pyusdt-attach and the library that it has loaded into a process have in common. It
 * is no API: both are of one release, and the size of the state says whether they are.
 *
 * The process has one word for a request and one for the answer. Each is written at once,
 * so there is no lock that a fork could leave behind, and a request that is asked twice,
 * because the first way in seemed to lead nowhere, is served once.
 */
#ifndef PYUSDT_ATTACH_H
#define PYUSDT_ATTACH_H

#include <stdint.h>

/* A request: events as in pyusdt.h, none to disarm, with a number of the asker's above.
 */
#define ATTACH_EVENTS    ((UINT64_C(1) << 56) - 1)
#define ATTACH_ALL       ATTACH_EVENTS         /* all that the running CPython has */
#define ATTACH_NUMBER(n) ((uint64_t)(n) << 56) /* 1 to 255 */

/* Where the main thread stands when it calls. */
enum attach_from {
	ATTACH_BLOCKED, /* in a system call that may last: another thread has the work
			   done */
	ATTACH_RUNNING, /* at work, maybe with a lock of Python */
	ATTACH_SCRIPT,  /* between two instructions of Python, with the GIL */
};

/* Of the function that all of such a script is in. */
#define ATTACH_SCRIPT_NAME "_pyusdt_attach"

/* Read from outside. @done is written last. */
struct attach_state {
	uint32_t size;
	int32_t result;     /* 0, or an error as pyusdt_enable() has them; see below */
	uint64_t asked;     /* the request that nobody has taken yet; from outside: 0 */
	uint64_t armed;     /* events that a request has armed; 0: none */
	uint64_t enabled;   /* events that are armed, whoever did it */
	uint64_t supported; /* events that the running CPython has */
	uint64_t done;      /* the request that was served last */
};

/*
 * Results that are not pyusdt_enable()'s: -EALREADY, the program arms events itself;
 * -ENOENT, there is nothing that a request has armed.
 */

#pragma GCC visibility push(default)

extern struct attach_state _pyusdt_attached;

/*
 * Serve @request: have it done by a thread of its own, so that no code of Python is run
 * on the stack of the thread that calls, and no signal handler of the program within it.
 * Waits for it, but not for long where the caller cannot.
 *
 * Returns: 0; -EBUSY where the caller is within the library, and is to be asked again;
 * another negative errno where that cannot even begin.
 */
int _pyusdt_attach(uint64_t request, enum attach_from from);

#pragma GCC visibility pop

#endif /* PYUSDT_ATTACH_H */
