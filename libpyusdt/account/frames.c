// SPDX-License-Identifier: BSD-2-Clause
/* This file finds out where CPython has its frames, and tries that before it is used. */
#include "account/frames.h"

#include "base/pycompat.h"
#include "layout/layout.h"
#include "layout/layout_check.h"
#include "layout/layout_offsets.h"

struct frames_at frames_at;

/* Free-threaded builds have none that are known. */
static bool look_up(struct pyusdt_layout *layout)
{
	const char *why;

	return layout_offsets(pycompat_version(), pycompat_runtime(), layout, &why);
}

bool frames_are_known(void)
{
	struct pyusdt_layout layout = {0};

	return look_up(&layout);
}

/* Atomic: interpreters with a GIL of their own may get there at once, and find the same.
 */
static bool prepared;

bool frames_are_prepared(void)
{
	return __atomic_load_n(&prepared, __ATOMIC_ACQUIRE);
}

bool frames_prepare(PyTypeObject *closure_type)
{
	const struct pyusdt_layout *found = layout_found(NULL);
	struct frames_at at = {{0}, pycompat_state_function()};

	if (frames_are_prepared())
		return true;
	/* For BPF programs it may have been tried already. */
	if (found)
		at.layout = *found;
	else if (!look_up(&at.layout) || !layout_check_frames(closure_type, &at.layout))
		return false;
	frames_at = at;
	__atomic_store_n(&prepared, true, __ATOMIC_RELEASE);
	return true;
}
