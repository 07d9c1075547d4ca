// SPDX-License-Identifier: BSD-2-Clause
#include "options.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "format.h"

#define POLL_MSEC_MAX 60000
#define TOOL_ID_MAX   5

static struct pyusdt_options current = PYUSDT_OPTIONS_INIT;
/* What callbacks need of it, in one word: 0 where values are off. */
static unsigned int value_size = 256;

#define load(field)         __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define store(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

static void read_environment(void)
{
	const char *text = getenv("PYUSDT_CHECK_MSEC");
	char *end;
	unsigned long msec;

	if (!text || *text < '0' || *text > '9')
		return;
	msec = strtoul(text, &end, 10);
	if (!*end && msec <= POLL_MSEC_MAX)
		store(current.poll_msec, (unsigned int)msec);
}

static void initialise(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_environment);
}

int options_check(const struct pyusdt_options *options)
{
	if (!options || options->size != sizeof(*options) ||
	    options->poll_msec > POLL_MSEC_MAX ||
	    (options->values != PYUSDT_VALUES_NONE &&
	     options->values != PYUSDT_VALUES_SAFE) ||
	    options->value_max < FORMAT_MIN || options->value_max > FORMAT_MAX ||
	    options->tool_id < -1 || options->tool_id > TOOL_ID_MAX)
		return -EINVAL;
	return 0;
}

void options_set(const struct pyusdt_options *options)
{
	initialise();
	store(current.poll_msec, options->poll_msec);
	store(current.values, options->values);
	store(current.value_max, options->value_max);
	store(current.tool_id, options->tool_id);
	store(value_size, options->values == PYUSDT_VALUES_NONE ? 0 : options->value_max);
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
	};
}

unsigned int options_value_size(void)
{
	return load(value_size);
}

int pyusdt_options_get(struct pyusdt_options *options)
{
	if (!options || options->size != sizeof(*options))
		return -EINVAL;
	*options = options_get();
	return 0;
}
