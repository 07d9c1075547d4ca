// SPDX-License-Identifier: BSD-2-Clause
#include "events.h"

#include <string.h>
#include <strings.h>

#include "pyusdt.h"

static const struct {
	const char *name;
	uint64_t bit;
	monitor_set requires;
} table[EVENT_COUNT] = {
#define EVENT(name, bit, arguments, value, requires) \
	[EVENT_##name] = {#name, UINT64_C(1) << (bit), requires},
#define ANNOUNCEMENT(name, bit) [EVENT_##name] = {#name, UINT64_C(1) << (bit), 0},
#include "events.def"
};

const uint64_t events_all = 0
#define EVENT(name, bit, arguments, value, requires) | UINT64_C(1) << (bit)
#define ANNOUNCEMENT(name, bit)                      | UINT64_C(1) << (bit)
#include "events.def"
	;

const char *event_name(enum event event)
{
	return table[event].name;
}

uint64_t event_bit(enum event event)
{
	return table[event].bit;
}

monitor_set events_required(uint64_t mask)
{
	monitor_set required = 0;

	for (int i = 0; i < EVENT_COUNT; i++)
		if (mask & table[i].bit)
	required |= table[i].requires;
	return required;
}

const char *pyusdt_event_name(uint64_t bit)
{
	for (int i = 0; i < EVENT_COUNT; i++)
		if (table[i].bit == bit)
			return table[i].name;
	return NULL;
}

uint64_t pyusdt_event_bit(const char *name)
{
	if (!name)
		return 0;
	for (int i = 0; i < EVENT_COUNT; i++)
		if (!strcasecmp(table[i].name, name))
			return table[i].bit;
	return 0;
}
