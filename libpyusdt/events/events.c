// SPDX-License-Identifier: BSD-2-Clause
/* This file answers questions about events out of the table in events.def. */
#include "events/events.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	uint64_t bit;
	struct monitor_sets
		requires;
} table[EVENT_COUNT] = {
#define ROW(name, bit, ...) \
	[EVENT_##name] = {#name, UINT64_C(1) << (bit), {.in = {__VA_ARGS__}}},
#define EVENT(name, bit, arguments, value, also, requires) \
	ROW(name, bit, IN(ALL, requires))
#define RUNTIME(name, bit, ...)       ROW(name, bit, __VA_ARGS__)
#define COMPAT(name, bit, probe, ...) ROW(name, bit, __VA_ARGS__)
#define ANNOUNCEMENT(name, bit, ...)  ROW(name, bit, __VA_ARGS__)
#include "events/events.def"
};

const uint64_t events_all = 0
#define BIT(bit)                                           | UINT64_C(1) << (bit)
#define EVENT(name, bit, arguments, value, also, requires) BIT(bit)
#define RUNTIME(name, bit, ...)                            BIT(bit)
#define COMPAT(name, bit, probe, ...)                      BIT(bit)
#define ANNOUNCEMENT(name, bit, ...)                       BIT(bit)
#include "events/events.def"
	;

const char *event_name(enum event event)
{
	return table[event].name;
}

uint64_t event_bit(enum event event)
{
	return table[event].bit;
}

static void add_sets(struct monitor_sets *to, const struct monitor_sets *sets)
{
	for (int scope = 0; scope < SCOPE_COUNT; scope++)
		to->in[scope] |= sets->in[scope];
}

struct monitor_sets events_required(uint64_t mask)
{
	struct monitor_sets required = {0};

	for (int i = 0; i < EVENT_COUNT; i++)
		if (mask & table[i].bit)
			add_sets(&required, &table[i].requires);
	return required;
}

monitor_set monitor_sets_union(const struct monitor_sets *sets)
{
	monitor_set all = 0;

	for (int scope = 0; scope < SCOPE_COUNT; scope++)
		all |= sets->in[scope];
	return all;
}

const char *event_name_of_bit(uint64_t bit)
{
	for (int i = 0; i < EVENT_COUNT; i++)
		if (table[i].bit == bit)
			return table[i].name;
	return NULL;
}

uint64_t event_bit_of_name(const char *name)
{
	for (int i = 0; i < EVENT_COUNT; i++)
		if (!strcasecmp(table[i].name, name))
			return table[i].bit;
	return 0;
}
