/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * These options say what is wanted of values. Callbacks read them at each event, any
 * thread may.
 */
#ifndef PYUSDT_VALUE_OPTIONS_H
#define PYUSDT_VALUE_OPTIONS_H

#include <stdbool.h>

extern struct value_options {
	unsigned int size; /* 0: no values are wanted; atomic */
	bool repr;         /* atomic */
} value_options;

/* @size: bytes a value's text may take, with its NUL; 0 when no values are wanted. */
void value_options_set(unsigned int size, bool repr);

static inline unsigned int value_options_size(void)
{
	return __atomic_load_n(&value_options.size, __ATOMIC_RELAXED);
}

/* Returns: whether values are shown by their own __repr__. */
static inline bool value_options_repr(void)
{
	return __atomic_load_n(&value_options.repr, __ATOMIC_RELAXED);
}

#endif /* PYUSDT_VALUE_OPTIONS_H */
