// SPDX-License-Identifier: BSD-2-Clause
#include "layout.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "layout_check.h"
#include "layout_offsets.h"
#include "layout_tstate.h"
#include "pycompat.h"
#include "pyusdt.h"

/* In static memory: a tracer may hold on to its address for as long as the process runs.
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

/* Returns: NULL, or why there is no layout. */
static const char *find(struct interp *interp, struct pyusdt_layout *layout)
{
	const char *why = NULL;

	(void)(layout_offsets(pycompat_version(), pycompat_runtime(), layout, &why) &&
	       layout_find_tstate(&layout->tstate, &why) &&
	       layout_check(interp, layout, &why));
	return why;
}

void layout_prepare(struct interp *interp)
{
	struct pyusdt_layout layout = {0};
	const char *why;

	if (!get_reason())
		return;
	why = find(interp, &layout);
	if (!why)
		found = layout;
	set_reason(why);
}

void layout_forget(void)
{
	set_reason("Python is shutting down");
}

const struct pyusdt_layout *pyusdt_layout(const char **why)
{
	const char *none = get_reason();

	if (!none)
		return &found;
	if (why)
		*why = none;
	return NULL;
}
