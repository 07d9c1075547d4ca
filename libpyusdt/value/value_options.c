// SPDX-License-Identifier: BSD-2-Clause
/* This file holds the two options that are read at every event which has a value. */
#include "value/value_options.h"

struct value_options value_options = {.size = 256};

void value_options_set(unsigned int size, bool repr)
{
	__atomic_store_n(&value_options.size, size, __ATOMIC_RELAXED);
	__atomic_store_n(&value_options.repr, repr, __ATOMIC_RELAXED);
}
