/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Some things are told to tracers without any event of Python: the layout, and which
 * code objects there are. A semaphore does not count tracers, so that a second one
 * cannot be noticed; hence everything is said again about once a second.
 */
#ifndef PYUSDT_ANNOUNCE_H
#define PYUSDT_ANNOUNCE_H

#include <stdint.h>

/*
 * Announce what is due of @events, all that are armed and watched now, as in pyusdt.h:
 * what was not in the last call's, or was announced a second ago. Any thread, no GIL
 * needed.
 */
void announce(uint64_t events);

/*
 * Everything is due: there may be code that was not told until now, or this process is
 * one that has told nothing yet.
 */
void announce_again(void);

#endif /* PYUSDT_ANNOUNCE_H */
