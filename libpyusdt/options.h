/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of the process. Each field is read and written atomically. */
#ifndef PYUSDT_OPTIONS_H
#define PYUSDT_OPTIONS_H

#include <stdbool.h>

#include "pyusdt.h"

/* Returns: 0, or -EINVAL when @options are not acceptable. */
int options_check(const struct pyusdt_options *options);

/* @options: checked. */
void options_set(const struct pyusdt_options *options);

struct pyusdt_options options_get(void);

/* One of them, without a lock: for each tick of the watcher. */
unsigned int options_poll_msec(void);

/* Returns: 0, or -EINVAL when the environment has patterns that cannot be. */
int options_environment(void);

/* What callbacks need of them at each event; atomic. */
extern struct options_values {
	unsigned int size; /* 0: no values are wanted */
	bool repr;
} options_values;

/* Returns: bytes a value's text may take, with its NUL; 0 when no values are wanted. */
static inline unsigned int options_value_size(void)
{
	return __atomic_load_n(&options_values.size, __ATOMIC_RELAXED);
}

/* Returns: whether values are shown by their own __repr__. */
static inline bool options_values_repr(void)
{
	return __atomic_load_n(&options_values.repr, __ATOMIC_RELAXED);
}

#endif /* PYUSDT_OPTIONS_H */
