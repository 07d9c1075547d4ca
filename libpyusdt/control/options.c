// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file holds the options of the process, which come from the environment first and
 * from pyusdt_configure() later.
 */
#include "control/options.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "code/filters.h"
#include "value/format.h"
#include "value/value_options.h"

#define POLL_MSEC_MAX 60000
#define TOOL_ID_MAX   5

static struct pyusdt_options current = PYUSDT_OPTIONS_INIT;

#define load(field)         __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define store(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

/* Returns: the number in the environment, or -1: there is none, or not one in range. */
static long environment_number(const char *name, unsigned long least, unsigned long most)
{
	const char *text = secure_getenv(name);
	unsigned long number;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return -1;
	number = strtoul(text, &end, 10);
	return !*end && least <= number && number <= most ? (long)number : -1;
}

static const char *const value_names[] = {
	[PYUSDT_VALUES_NONE] = "none",
	[PYUSDT_VALUES_SAFE] = "safe",
	[PYUSDT_VALUES_REPR] = "repr",
};

/* Returns: one of PYUSDT_VALUES_*, or -1. */
static int environment_values(void)
{
	const char *text = secure_getenv("PYUSDT_VALUES");

	for (int i = 0; text && i <= PYUSDT_VALUES_REPR; i++)
		if (!strcmp(text, value_names[i]))
			return i;
	return -1;
}

static const char *environment_text(const char *name)
{
	const char *text = secure_getenv(name);

	return text ? text : "";
}

static void set(const struct pyusdt_options *options)
{
	store(current.poll_msec, options->poll_msec);
	store(current.values, options->values);
	store(current.value_max, options->value_max);
	store(current.tool_id, options->tool_id);
	value_options_set(options->values == PYUSDT_VALUES_NONE ? 0 : options->value_max,
			  options->values == PYUSDT_VALUES_REPR);
}

static int environment_error; /* atomic */

/* More would be told than was asked for if an error were ignored. */
static void read_filters(void)
{
	int error = filters_set(environment_text("PYUSDT_INCLUDE"),
				environment_text("PYUSDT_EXCLUDE"));

	store(environment_error, error < 0 ? error : 0);
}

static void read_environment(void)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;
	long msec = environment_number("PYUSDT_CHECK_MSEC", 0, POLL_MSEC_MAX);
	long size = environment_number("PYUSDT_VALUE_MAX", FORMAT_MIN, FORMAT_MAX);
	int values = environment_values();

	if (msec >= 0)
		options.poll_msec = (unsigned int)msec;
	if (size >= 0)
		options.value_max = (unsigned int)size;
	if (values >= 0)
		options.values = values;
	set(&options);
	read_filters();
}

static void initialise(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_environment);
}

int options_environment(void)
{
	initialise();
	/* Where memory ran out last time there may be some now. */
	if (load(environment_error) == -ENOMEM)
		read_filters();
	return load(environment_error);
}

int options_check(const struct pyusdt_options *options)
{
	if (!options || options->size != sizeof(*options) ||
	    options->poll_msec > POLL_MSEC_MAX || options->values < PYUSDT_VALUES_NONE ||
	    options->values > PYUSDT_VALUES_REPR || options->value_max < FORMAT_MIN ||
	    options->value_max > FORMAT_MAX || options->tool_id < -1 ||
	    options->tool_id > TOOL_ID_MAX)
		return -EINVAL;
	return 0;
}

void options_set(const struct pyusdt_options *options)
{
	initialise();
	set(options);
}

struct pyusdt_options options_get(void)
{
	initialise();
	return (struct pyusdt_options){
		.size = sizeof(struct pyusdt_options),
		.poll_msec = load(current.poll_msec),
		.values = load(current.values),
		.value_max = load(current.value_max),
		.tool_id = load(current.tool_id),
		.include = filters_include(),
		.exclude = filters_exclude(),
	};
}

unsigned int options_poll_msec(void)
{
	initialise();
	return load(current.poll_msec);
}
