/* SPDX-License-Identifier: BSD-2-Clause */
/* This tells tracers what the accounts that are told have counted. */
#ifndef PYUSDT_ACCOUNT_TELLING_H
#define PYUSDT_ACCOUNT_TELLING_H

#include "code/codemeta.h"
#include "pyusdt_profile.h"

/*
 * Hit PROFILE for each visible function of which something has been counted that was not
 * told yet. Any thread, no GIL needed; two at once tell each thing once.
 */
void telling_all(void);

/* Hit PROFILE for the function of @meta, unless it is not visible. @untold: in ticks. */
void telling_hit(const struct codemeta *meta, struct pyusdt_sums untold);

#endif /* PYUSDT_ACCOUNT_TELLING_H */
