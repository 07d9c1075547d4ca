/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of the core that can fail, failed one after the other: the linker puts these
 * in their place (--wrap, see local.mk).
 */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>
#include <stddef.h>

/* From now on, in this thread, the @number-th such call fails. */
void failing_start(unsigned int number);

/* As which error a call of pthread_create() fails from now on, EAGAIN at first. */
void failing_threads_with(int error);

/* Returns: whether there was such a call. */
bool failing_stop(void);

/* Returns: how many blocks have been allocated and not freed, libcheck's among them. */
size_t failing_live_blocks(void);

#endif /* FAILING_H */
