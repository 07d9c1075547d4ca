// SPDX-License-Identifier: BSD-2-Clause
/* The steps of a look, each in a file of its own, in their order. */
#include "look.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "verify.h"
#include "internals.h"
#include "layout/layout_offsets.h"
#include "python.h"
#include "state_key.h"
#include "state_tls.h"
#include "threads.h"

/* The first of them that we know. */
#define PYTHON_3_12 0x030c0000

/* From here on the state is in a thread-local variable. */
#define PYTHON_3_15 0x030f0000

/* Of what CPython publishes: "xdebugpy", the version. */
#define COOKIE     "xdebugpy"
#define VERSION_AT 8

static void refuse(struct look *look, enum finding finding, const char *why)
{
	look->finding = finding;
	look->why = why;
}

/* By its symbol; else by what it publishes, which 3.12 does not. */
static uint32_t find_version(struct remote *remote, const struct python *python,
			     const char *debug)
{
	uint64_t published;

	if (python->version)
		return (uint32_t)remote_word(remote, python->version);
	if (memcmp(debug, COOKIE, strlen(COOKIE)) != 0)
		return 0;
	memcpy(&published, debug + VERSION_AT, sizeof(published));
	return (uint32_t)published;
}

static const char *old_version(uint32_t version)
{
	if (!version)
		return "CPython before 3.12, or one that does not say its version";
	return "CPython before 3.12";
}

static bool find_state(struct remote *remote, const struct python *python,
		       const struct internals *internals, const struct threads *threads,
		       uint32_t version, struct layout_way *way, const char **why)
{
	if (version < PYTHON_3_15)
		return state_key_find(remote, python->runtime, internals, threads, way,
				      why);
	return state_tls_find(remote, python, threads, way, why);
}

/* The offsets are known: what is left may be there at the next look. */
static void find_way(struct remote *remote, const struct python *python,
		     const struct internals *internals,
		     const struct pyusdt_layout *layout, struct look *look)
{
	struct threads threads;
	struct layout_way way = {0};
	const char *why = NULL;

	threads_find(remote, python->runtime, internals, layout->thread_id, &threads);
	if (!threads.count) {
		refuse(look, FOUND_EARLY, "its CPython has not begun yet, or has ended");
		return;
	}
	if (!find_state(remote, python, internals, &threads, look->version, &way, &why) ||
	    !verify_layout(remote, python, internals, &threads, layout, &way, &why))
		refuse(look, FOUND_EARLY, why);
	else if (!layout_words(layout, &way, &look->words, &why))
		refuse(look, FOUND_OTHER, why);
	else if (!remote->reads_left)
		refuse(look, FOUND_EARLY, "its memory is too much to be read");
	else
		look->finding = FOUND_LAYOUT;
}

static void look_at_python(struct remote *remote, const struct python *python,
			   struct look *look)
{
	char debug[LAYOUT_DEBUG_SIZE];
	struct pyusdt_layout layout = {0};
	struct internals internals;
	const char *why;

	if (python->machine != EM_X86_64) {
		refuse(look, FOUND_OTHER,
		       "only on x86-64 are threads known from outside");
		return;
	}
	if (!remote_read(remote, python->runtime, debug, sizeof(debug))) {
		refuse(look, FOUND_EARLY, "its memory cannot be read");
		return;
	}
	look->version = find_version(remote, python, debug);
	if (look->version < PYTHON_3_12)
		refuse(look, FOUND_OTHER, old_version(look->version));
	else if (!layout_offsets(look->version, debug, &layout, &why))
		refuse(look, FOUND_OTHER, why);
	else if (!internals_find(look->version, debug, &internals))
		refuse(look, FOUND_OTHER,
		       "this CPython publishes offsets that cannot be");
	else
		find_way(remote, python, &internals, &layout, look);
}

void look_at(struct remote *remote, const struct maps *maps, struct look *look)
{
	struct python python;

	*look = (struct look){.why = NULL};
	if (python_find(remote, maps, &python))
		look_at_python(remote, &python, look);
	else if (remote->error == EPERM)
		refuse(look, FOUND_HIDDEN,
		       "its memory may not be read: run as root, or "
		       "with CAP_SYS_PTRACE");
	else if (maps->named)
		/* Or its libpython is about to be loaded. */
		refuse(look, FOUND_EARLY, "another interpreter, or CPython before 3.7");
	else
		refuse(look, FOUND_NONE, "no CPython in it");
}
