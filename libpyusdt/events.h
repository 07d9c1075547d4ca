/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of events: names, bits, and what each needs from sys.monitoring. */
#ifndef PYUSDT_EVENTS_H
#define PYUSDT_EVENTS_H

#include <stdint.h>

enum event {
#define EVENT(name, bit, arguments, value, requires) EVENT_##name,
#include "events.def"
	MONITOR_COUNT, /* those before come from sys.monitoring */
	BEFORE_ANNOUNCEMENTS = MONITOR_COUNT - 1,
#define ANNOUNCEMENT(name, bit) EVENT_##name,
#include "events.def"
	EVENT_COUNT
};

/* One bit for each sys.monitoring event that we use, numbered by enum event. */
typedef uint32_t monitor_set;

#define MONITOR(name) ((monitor_set)1 << EVENT_##name)

/* Every event there is, as a mask of pyusdt.h. */
extern const uint64_t events_all;

/* Returns: the name, static. */
const char *event_name(enum event event);

/* Returns: the event's bit in the masks of pyusdt.h. */
uint64_t event_bit(enum event event);

/* Returns: the sys.monitoring events that the events of @mask need. */
monitor_set events_required(uint64_t mask);

#endif /* PYUSDT_EVENTS_H */
