// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file finds the layout of this process, step by step: offsets, thread state,
 * check. It keeps the result in static memory for tracers to read, or the reason why
 * there is none.
 */
#include "layout/layout.h"

#include <stdbool.h>

#include "base/pycompat.h"
#include "layout/layout_check.h"
#include "layout/layout_offsets.h"
#include "layout/layout_tstate.h"

/*
 * The layout is in static memory, since a tracer may hold on to its address for as
 * long as the process runs.
 */
static struct pyusdt_layout found;
static const char *reason = "LAYOUT has not been armed yet"; /* atomic; NULL: found */

static void set_reason(const char *why)
{
	__atomic_store_n(&reason, why, __ATOMIC_RELEASE);
}

static const char *get_reason(void)
{
	return __atomic_load_n(&reason, __ATOMIC_ACQUIRE);
}

static bool will_be_told; /* of the end of Python; atomic */

static void python_has_ended(void)
{
	__atomic_store_n(&will_be_told, false, __ATOMIC_RELAXED);
	layout_forget();
}

/*
 * Not an atexit handler: those are an interpreter's, and the layout is that of the
 * process.
 *
 * Returns: whether Python will say when it has ended.
 */
static bool expect_end(void)
{
	if (__atomic_exchange_n(&will_be_told, true, __ATOMIC_RELAXED))
		return true;
	if (Py_AtExit(python_has_ended) == 0)
		return true;
	__atomic_store_n(&will_be_told, false, __ATOMIC_RELAXED);
	return false;
}

/* Returns: NULL, or why there is no layout. */
static const char *find(PyTypeObject *closure_type, struct pyusdt_layout *layout)
{
	const char *why = NULL;

	(void)(layout_offsets(pycompat_version(), pycompat_runtime(), layout, &why) &&
	       layout_find_tstate(&layout->tstate, &why) &&
	       layout_check(closure_type, layout, &why));
	if (!why && !layout_check_thread_id(layout))
		layout->thread_id = 0;
	if (!why && !layout_check_gil(layout))
		layout->gil = 0;
	return why;
}

void layout_prepare(PyTypeObject *closure_type)
{
	struct pyusdt_layout layout = {0};
	const char *why;

	if (!get_reason())
		return;
	why = find(closure_type, &layout);
	if (!why && !expect_end())
		why = "Py_AtExit() has no room to tell when it is no longer valid";
	if (!why)
		found = layout;
	set_reason(why);
}

void layout_forget(void)
{
	set_reason("Python has ended since LAYOUT was armed");
}

const struct pyusdt_layout *layout_found(const char **why)
{
	const char *none = get_reason();

	if (!none)
		return &found;
	if (why)
		*why = none;
	return NULL;
}
