// SPDX-License-Identifier: BSD-2-Clause
#include "script.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/attach.h"
#include "clock.h"

/* More interpreters than that are a circle. */
#define MAX_INTERPRETERS 1000

#define POLL_USEC 200

/*
 * The bits of eval_breaker's lowest byte. Those above are no flags, but the version of
 * what sys.monitoring has set.
 */
enum {
	GIL_DROP = 1,
	SIGNALS = 2,
	CALLS = 4,
	ASYNC_EXCEPTION = 8,
};

/* The list begins with the newest one. Returns: the main interpreter, or 0. */
static uint64_t main_interpreter(struct target *target, const struct python *python,
				 const struct debug_offsets *offsets)
{
	struct remote *memory = target_memory(target);
	uint64_t interpreter =
		remote_word(memory, python->runtime + offsets->first_interpreter);

	for (int i = 0; interpreter && i < MAX_INTERPRETERS; i++) {
		uint64_t id;

		if (!remote_read(memory, interpreter + offsets->id, &id, sizeof(id)))
			return 0;
		if (id == 0)
			return interpreter;
		interpreter =
			remote_word(memory, interpreter + offsets->next_interpreter);
	}
	return 0;
}

static bool is_disabled(struct target *target, const struct debug_offsets *offsets,
			uint64_t interpreter)
{
	int32_t enabled;

	return !remote_read(target_memory(target), interpreter + offsets->enabled,
			    &enabled, sizeof(enabled)) ||
	       enabled != 1;
}

bool script_disabled(struct target *target, const struct python *python,
		     const struct debug_offsets *offsets)
{
	uint64_t interpreter = main_interpreter(target, python, offsets);

	return interpreter && is_disabled(target, offsets, interpreter);
}

static bool is_pending(struct target *target, uint64_t address)
{
	int32_t pending;

	return remote_read(target_memory(target), address, &pending, sizeof(pending)) &&
	       pending == 1;
}

/*
 * There is no atomic operation on the memory of another process. So only the lowest byte
 * is written. What the process sets in it at this moment is not lost: that it should let
 * go of the GIL is asked again after 5 ms, and must not be set where nobody waits for it
 * any more; the rest is set here, too, and CPython finds that there is nothing.
 */
static bool set_breaker(struct target *target, uint64_t address)
{
	uint8_t byte;

	if (!remote_read(target_memory(target), address, &byte, sizeof(byte)))
		return false;
	byte = (uint8_t)((byte & ~GIL_DROP) | SIGNALS | CALLS | ASYNC_EXCEPTION);
	return target_write(target, address, &byte, sizeof(byte));
}

static bool ask(struct target *target, const struct debug_offsets *offsets,
		uint64_t thread, const char *path)
{
	uint64_t support = thread + offsets->support;
	int32_t pending = 1;

	return target_write(target, support + offsets->path, path, strlen(path) + 1) &&
	       target_write(target, support + offsets->pending, &pending,
			    sizeof(pending)) &&
	       set_breaker(target, thread + offsets->breaker);
}

/* Only the main thread: the state of another may be freed while it is written to. */
enum script_result script_run(struct target *target, const struct python *python,
			      const struct debug_offsets *offsets, const char *path,
			      int msec)
{
	uint64_t interpreter = main_interpreter(target, python, offsets);
	uint64_t thread, pending;
	int64_t end = clock_usec() + (int64_t)msec * 1000;
	int32_t none = 0;

	if (!interpreter)
		return SCRIPT_EARLY;
	if (is_disabled(target, offsets, interpreter))
		return SCRIPT_DISABLED;
	thread = remote_word(target_memory(target), interpreter + offsets->main_thread);
	if (!thread || strlen(path) >= offsets->path_size)
		return SCRIPT_EARLY;
	pending = thread + offsets->support + offsets->pending;
	if (is_pending(target, pending))
		return SCRIPT_OTHERS;
	if (!ask(target, offsets, thread, path))
		return SCRIPT_EARLY;
	while (is_pending(target, pending)) {
		if (clock_usec() > end) {
			target_write(target, pending, &none, sizeof(none));
			return SCRIPT_NOT;
		}
		clock_sleep(POLL_USEC);
	}
	return SCRIPT_TAKEN;
}

/*
 * No module comes of it, and what goes wrong is not seen in the program: the answer is in
 * the library, or missing. But a signal may have come meanwhile, whose handler then
 * raises its exception here: that is the program's, and is raised there once more.
 */
int script_text(char *text, size_t size, const char *library, uint64_t request)
{
	return snprintf(
		text, size,
		"def %s():\n"
		"    try:\n"
		"        import sys, _imp\n"
		"        spec = type(sys.implementation)(\n"
		"            name='_pyusdt_attach', origin='%s',\n"
		"            request=%" PRIu64 ", served=False, raised=None)\n"
		"        _imp.create_dynamic(spec)\n"
		"    except BaseException as raised:\n"
		"        if spec.served:\n"
		"            raised.__traceback__ = raised.__traceback__.tb_next\n"
		"            spec.raised = raised\n"
		"            _imp.create_dynamic(spec)\n"
		"%s()\n",
		ATTACH_SCRIPT_NAME, library, request, ATTACH_SCRIPT_NAME);
}
