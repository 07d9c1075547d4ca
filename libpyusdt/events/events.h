/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This is the table of events: their names, their bits, and what each needs from
 * sys.monitoring.
 */
#ifndef PYUSDT_EVENTS_H
#define PYUSDT_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

enum event {
#define EVENT(name, bit, arguments, value, also, requires) EVENT_##name,
#include "events/events.def"
	MONITOR_COUNT, /* those before come from sys.monitoring */
	BEFORE_OTHERS = MONITOR_COUNT - 1,
#define RUNTIME(name, bit, ...)       EVENT_##name,
#define COMPAT(name, bit, probe, ...) EVENT_##name,
#define ANNOUNCEMENT(name, bit, ...)  EVENT_##name,
#include "events/events.def"
	EVENT_COUNT
};

/* One bit for each sys.monitoring event that we use, numbered by enum event. */
typedef uint32_t monitor_set;

#define MONITOR(name) ((monitor_set)1 << EVENT_##name)

/*
 * Events of sys.monitoring are set in a scope: in all code, in each code object that the
 * filters let through, or in one function of CPython's own.
 */
enum scope {
	SCOPE_ALL,
	SCOPE_VISIBLE,
	SCOPE_IMPORT, /* importlib._bootstrap._find_and_load() */
	SCOPE_THREAD, /* threading.Thread._bootstrap_inner() */
	SCOPE_COUNT
};

/* Returns: whether @scope is one function. */
static inline bool scope_is_function(enum scope scope)
{
	return scope == SCOPE_IMPORT || scope == SCOPE_THREAD;
}

struct monitor_sets {
	monitor_set in[SCOPE_COUNT];
};

#define IN(scope, monitors) [SCOPE_##scope] = (monitors)

/* Every event there is, as a mask of pyusdt.h. */
extern const uint64_t events_all;

/* Returns: the name, static. */
const char *event_name(enum event event);

/* Returns: the event's bit in the masks of pyusdt.h. */
uint64_t event_bit(enum event event);

/* Returns: the name of the event whose bit this is, static; NULL where there is none. */
const char *event_name_of_bit(uint64_t bit);

/* Returns: the bit of the event of this name, in any case; 0 where there is none. */
uint64_t event_bit_of_name(const char *name);

/* Returns: the sys.monitoring events that the events of @mask need. */
struct monitor_sets events_required(uint64_t mask);

/* Returns: all of @sets together, wherever they are set. */
monitor_set monitor_sets_union(const struct monitor_sets *sets);

#endif /* PYUSDT_EVENTS_H */
