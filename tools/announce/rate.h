/* SPDX-License-Identifier: BSD-2-Clause */
/* So many a second and no more, however many there are. */
#ifndef ANNOUNCE_RATE_H
#define ANNOUNCE_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* Begins as 0, which is full. */
struct rate {
	int64_t last_msec;
	uint32_t used; /* thousandths */
};

/* Returns: whether one more may be taken now; @burst may at once after a pause. */
bool rate_take(struct rate *rate, int64_t now_msec, uint32_t per_second, uint32_t burst);

#endif /* ANNOUNCE_RATE_H */
