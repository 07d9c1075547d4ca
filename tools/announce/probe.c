// SPDX-License-Identifier: BSD-2-Clause
/* The one site, kept within a page as those in libpyusdt/probes.c. */
#include "probe.h"

#include <usdt.h>

USDT_DEFINE_SEMA(PROCESS);

bool probe_process_watched(void)
{
	return USDT_SEMA_IS_ACTIVE(PROCESS);
}

__attribute__((noinline, aligned(64))) void
probe_process(pid_t pid, const struct layout_words *words)
{
	USDT_WITH_EXPLICIT_SEMA(PROCESS, pyusdt, PROCESS, (uint64_t)pid, words->tstate,
				words->walk, words->names, words->rest, words->version);
}
