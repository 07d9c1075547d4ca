// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file has the probe sites: one site and one semaphore per probe, since a tracer
 * that attaches by name attaches to every site of that name.
 *
 * Each site is a function of its own that is never inlined. Functions are aligned to a
 * cache line, which also keeps the 11 bytes of the site within a page: the kernel can
 * patch them only there. tests/abi checks it.
 */
#include "probes/probes.h"

#include <usdt.h>

#include "pyusdt_profile.h"

#define SITE __attribute__((noinline, aligned(64)))

#define EVENT(event, bit, arguments, kind, also, requires)                            \
	USDT_DEFINE_SEMA(event);                                                      \
	SITE void probe_##event(const struct codemeta *code, int line, long offset,   \
				const char *value, const void *object)                \
	{                                                                             \
		USDT_WITH_EXPLICIT_SEMA(event, pyusdt, event, code->name, code->file, \
					line, offset, value, code->qualname,          \
					code->module, code->id, object);              \
	}
#include "events/events.def"

USDT_DEFINE_SEMA(GC_START);
SITE void probe_GC_START(int generation)
{
	USDT_WITH_EXPLICIT_SEMA(GC_START, pyusdt, GC_START, generation);
}

USDT_DEFINE_SEMA(GC_DONE);
SITE void probe_GC_DONE(int generation, long collected, long uncollectable)
{
	USDT_WITH_EXPLICIT_SEMA(GC_DONE, pyusdt, GC_DONE, generation, collected,
				uncollectable);
}

USDT_DEFINE_SEMA(IMPORT_START);
SITE void probe_IMPORT_START(const char *module)
{
	USDT_WITH_EXPLICIT_SEMA(IMPORT_START, pyusdt, IMPORT_START, module);
}

USDT_DEFINE_SEMA(IMPORT_DONE);
SITE void probe_IMPORT_DONE(const char *module, int found)
{
	USDT_WITH_EXPLICIT_SEMA(IMPORT_DONE, pyusdt, IMPORT_DONE, module, found);
}

USDT_DEFINE_SEMA(THREAD_START);
SITE void probe_THREAD_START(const char *name, long id)
{
	USDT_WITH_EXPLICIT_SEMA(THREAD_START, pyusdt, THREAD_START, name, id);
}

USDT_DEFINE_SEMA(THREAD_EXIT);
SITE void probe_THREAD_EXIT(const char *name, long id)
{
	USDT_WITH_EXPLICIT_SEMA(THREAD_EXIT, pyusdt, THREAD_EXIT, name, id);
}

USDT_DEFINE_SEMA(CODE);
SITE void probe_CODE(const struct codemeta *code)
{
	USDT_WITH_EXPLICIT_SEMA(CODE, pyusdt, CODE, code->id, code->name, code->file,
				code->line, code->qualname, code->module);
}

USDT_DEFINE_SEMA(PROFILE);
SITE void probe_PROFILE(const struct codemeta *code, const struct pyusdt_sums *sums)
{
	USDT_WITH_EXPLICIT_SEMA(PROFILE, pyusdt, PROFILE, code->qualname, code->file,
				code->line, sums->calls, sums->own, sums, code->id,
				sums->total, sums->max, sums->resumes);
}

USDT_DEFINE_SEMA(PROFILE_BUCKET);
SITE void probe_PROFILE_BUCKET(const struct codemeta *code, uint64_t low, uint64_t count)
{
	USDT_WITH_EXPLICIT_SEMA(PROFILE_BUCKET, pyusdt, PROFILE_BUCKET, code->qualname,
				code->file, code->line, low, count, code->id);
}

USDT_DEFINE_SEMA(PROFILE_TABLE);
SITE void probe_PROFILE_TABLE(const struct pyusdt_profile_table *table)
{
	USDT_WITH_EXPLICIT_SEMA(PROFILE_TABLE, pyusdt, PROFILE_TABLE, table);
}

USDT_DEFINE_SEMA(LAYOUT);
SITE void probe_LAYOUT(const struct pyusdt_layout *layout, uint32_t python)
{
	USDT_WITH_EXPLICIT_SEMA(LAYOUT, pyusdt, LAYOUT, layout, python);
}

USDT_DEFINE_SEMA(PROCESS);
SITE void probe_PROCESS(uint64_t tstate, uint64_t walk, uint64_t names, uint64_t rest,
			uint64_t version)
{
	USDT_WITH_EXPLICIT_SEMA(PROCESS, pyusdt, PROCESS, (uint64_t)0, tstate, walk,
				names, rest, version);
}

USDT_DEFINE_SEMA(PYTHON_FUNCTION_ENTRY);
SITE void probe_PYTHON_FUNCTION_ENTRY(const char *file, const char *function, int line)
{
	USDT_WITH_EXPLICIT_SEMA(PYTHON_FUNCTION_ENTRY, python, function__entry, file,
				function, line);
}

USDT_DEFINE_SEMA(PYTHON_FUNCTION_RETURN);
SITE void probe_PYTHON_FUNCTION_RETURN(const char *file, const char *function, int line)
{
	USDT_WITH_EXPLICIT_SEMA(PYTHON_FUNCTION_RETURN, python, function__return, file,
				function, line);
}

USDT_DEFINE_SEMA(PYTHON_LINE);
SITE void probe_PYTHON_LINE(const char *file, const char *function, int line)
{
	USDT_WITH_EXPLICIT_SEMA(PYTHON_LINE, python, line, file, function, line);
}

USDT_DEFINE_SEMA(PYTHON_GC_START);
SITE void probe_PYTHON_GC_START(int generation)
{
	USDT_WITH_EXPLICIT_SEMA(PYTHON_GC_START, python, gc__start, generation);
}

USDT_DEFINE_SEMA(PYTHON_GC_DONE);
SITE void probe_PYTHON_GC_DONE(long collected)
{
	USDT_WITH_EXPLICIT_SEMA(PYTHON_GC_DONE, python, gc__done, collected);
}

USDT_DEFINE_SEMA(PYTHON_IMPORT_START);
SITE void probe_PYTHON_IMPORT_START(const char *module)
{
	USDT_WITH_EXPLICIT_SEMA(PYTHON_IMPORT_START, python, import__find__load__start,
				module);
}

USDT_DEFINE_SEMA(PYTHON_IMPORT_DONE);
SITE void probe_PYTHON_IMPORT_DONE(const char *module, int found)
{
	USDT_WITH_EXPLICIT_SEMA(PYTHON_IMPORT_DONE, python, import__find__load__done,
				module, found);
}

/* clang-format off */
const unsigned short *const probe_semaphores[EVENT_COUNT] = {
#define SEMAPHORE(name) [EVENT_##name] = (const unsigned short *)&USDT_SEMA(name),
#define EVENT(name, bit, arguments, value, also, requires) SEMAPHORE(name)
#define RUNTIME(name, bit, ...) SEMAPHORE(name)
#define COMPAT(name, bit, probe, ...) SEMAPHORE(name)
#define ANNOUNCEMENT(name, bit, ...) SEMAPHORE(name)
#include "events/events.def"
};
/* clang-format on */
