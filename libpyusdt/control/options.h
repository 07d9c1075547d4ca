/* SPDX-License-Identifier: BSD-2-Clause */
/* These are the options of the process. Each field is read and written atomically. */
#ifndef PYUSDT_OPTIONS_H
#define PYUSDT_OPTIONS_H

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

#endif /* PYUSDT_OPTIONS_H */
