/* SPDX-License-Identifier: BSD-2-Clause */
/* Whoever started us may ask that all be announced at once, and learns when it has been.
 */
#ifndef ANNOUNCE_REQUESTS_H
#define ANNOUNCE_REQUESTS_H

#include <poll.h>
#include <stdbool.h>

/* Returns: how many of @fds it has set, 0 or 1. */
int requests_poll(struct pollfd *fds);

/* Returns: whether that has been asked for since the last call. Does not wait. */
bool requests_take(void);

/* Say that it is done. */
void requests_answer(void);

#endif /* ANNOUNCE_REQUESTS_H */
