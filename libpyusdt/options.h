/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of the process. Each field is read and written atomically. */
#ifndef PYUSDT_OPTIONS_H
#define PYUSDT_OPTIONS_H

#include "pyusdt.h"

/* Returns: 0, or -EINVAL when @options are not acceptable. */
int options_check(const struct pyusdt_options *options);

/* @options: checked. */
void options_set(const struct pyusdt_options *options);

struct pyusdt_options options_get(void);

/* Returns: bytes a value's text may take, with its NUL; 0 when no values are wanted. */
unsigned int options_value_size(void);

#endif /* PYUSDT_OPTIONS_H */
