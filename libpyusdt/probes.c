// SPDX-License-Identifier: BSD-2-Clause
/*
 * The probe sites: one site and one semaphore per probe, since a tracer that attaches
 * by name attaches to every site of that name.
 *
 * Each site is a function of its own that is never inlined. Functions are aligned to a
 * cache line, which also keeps the 11 bytes of the site within a page: the kernel can
 * patch them only there. tests/abi checks it.
 */
#include "probes.h"

#include <usdt.h>

#define SITE __attribute__((noinline, aligned(64)))

#define EVENT(event, bit, arguments, kind, requires)                                  \
	USDT_DEFINE_SEMA(event);                                                      \
	SITE void probe_##event(const struct codemeta *code, int line, long offset,   \
				const char *value, const void *object)                \
	{                                                                             \
		USDT_WITH_EXPLICIT_SEMA(event, pyusdt, event, code->name, code->file, \
					line, offset, value, code->qualname,          \
					code->module, code->id, object);              \
	}
#include "events.def"

USDT_DEFINE_SEMA(LAYOUT);
SITE void probe_LAYOUT(const struct pyusdt_layout *layout, uint32_t python)
{
	USDT_WITH_EXPLICIT_SEMA(LAYOUT, pyusdt, LAYOUT, layout, python);
}

const unsigned short *const probe_semaphores[EVENT_COUNT] = {
#define SEMAPHORE(name)                              [EVENT_##name] = (const unsigned short *)&USDT_SEMA(name),
#define EVENT(name, bit, arguments, value, requires) SEMAPHORE(name)
#define ANNOUNCEMENT(name, bit)                      SEMAPHORE(name)
#include "events.def"
};
