// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file has the public functions, but for pyusdt_strerror(): each looks whether it
 * may be called now, and hands on what it was given.
 */
#include "pyusdt.h"

#include <errno.h>

#include "account/figures.h"
#include "base/pycompat.h"
#include "code/filters.h"
#include "control/apply.h"
#include "control/control.h"
#include "control/finalize.h"
#include "control/fork.h"
#include "control/options.h"
#include "events/events.h"
#include "layout/layout.h"
#include "monitoring/callbacks.h"
#include "monitoring/interp.h"

/* Returns: 0 when Python can be called from this thread. */
static int check_python(void)
{
	if (!pycompat_usable())
		return -ENOTSUP;
	return pycompat_initialized() && pycompat_attached() ? 0 : -EPERM;
}

/* Returns: 0; or what could not be registered. */
static int register_handlers(struct interp *interp)
{
	int error = finalize_register(interp);

	return error ? error : fork_register(interp);
}

int pyusdt_enable(uint64_t mask)
{
	struct interp *interp;
	PyObject *pending;
	int error = check_python();

	if (error)
		return error;
	if (!mask || mask & ~events_all)
		return -EINVAL;
	pending = PyErr_GetRaisedException();
	error = interp_get(&interp, callbacks);
	if (!error)
		error = control_enable(interp, mask, register_handlers);
	PyErr_SetRaisedException(pending);
	return error;
}

/*
 * What the others have in common: nothing is to be done in an interpreter where nothing
 * was ever armed.
 */
static int with_interp(int (*function)(struct interp *interp))
{
	struct interp *interp;
	PyObject *pending;
	int result = check_python();

	if (result)
		return result;
	pending = PyErr_GetRaisedException();
	interp = interp_find();
	if (interp)
		result = function(interp);
	PyErr_SetRaisedException(pending);
	return result;
}

int pyusdt_disable(void)
{
	return with_interp(control_disable);
}

int pyusdt_poll(void)
{
	return with_interp(control_poll);
}

int pyusdt_configure(const struct pyusdt_options *options)
{
	struct interp *interp;
	PyObject *pending;
	int error = check_python();

	if (error)
		return error;
	pending = PyErr_GetRaisedException();
	error = interp_get(&interp, callbacks);
	if (!error)
		error = control_configure(interp, options);
	PyErr_SetRaisedException(pending);
	return error;
}

static uint64_t armed(void)
{
	struct interp *interp;
	PyObject *pending;
	uint64_t mask = 0;

	if (check_python() < 0)
		return 0;
	pending = PyErr_GetRaisedException();
	interp = interp_find();
	if (interp)
		mask = interp_armed(interp);
	PyErr_SetRaisedException(pending);
	return mask;
}

uint64_t pyusdt_enabled(void)
{
	return armed();
}

uint64_t pyusdt_active(void)
{
	return armed() & apply_watched();
}

uint64_t pyusdt_supported(void)
{
	struct interp *interp;
	PyObject *pending;
	uint64_t mask = 0;

	if (check_python() < 0)
		return 0;
	pending = PyErr_GetRaisedException();
	if (interp_get(&interp, callbacks) == 0)
		mask = control_supported(interp);
	PyErr_SetRaisedException(pending);
	return mask;
}

int pyusdt_profile_begin(unsigned int flags)
{
	struct interp *interp;
	PyObject *pending;
	int error = check_python();

	if (error)
		return error;
	if (flags & ~(PYUSDT_PROFILE_TREE | PYUSDT_PROFILE_C_FUNCTIONS))
		return -EINVAL;
	pending = PyErr_GetRaisedException();
	error = interp_get(&interp, callbacks);
	if (!error)
		error = control_profile_begin(interp, flags, register_handlers);
	PyErr_SetRaisedException(pending);
	return error;
}

int pyusdt_profile_end(void)
{
	return with_interp(control_profile_end);
}

int pyusdt_profile_free(void)
{
	return with_interp(control_profile_free);
}

int pyusdt_profile_visit(pyusdt_profile_fn *visit, void *context)
{
	struct interp *interp;
	PyObject *pending;
	int error = check_python();

	if (error)
		return error;
	if (!visit)
		return -EINVAL;
	pending = PyErr_GetRaisedException();
	interp = interp_find();
	PyErr_SetRaisedException(pending);
	return interp ? figures_visit(&interp->kept, visit, context) : 0;
}

const char *pyusdt_version(void)
{
	return PYUSDT_VERSION;
}

int pyusdt_options_get(struct pyusdt_options *options)
{
	if (!options || options->size != sizeof(*options))
		return -EINVAL;
	*options = options_get();
	return 0;
}

const char *pyusdt_pattern_error(const char *pattern)
{
	return filters_pattern_error(pattern);
}

const struct pyusdt_layout *pyusdt_layout(const char **why)
{
	return layout_found(why);
}

const char *pyusdt_event_name(uint64_t bit)
{
	return event_name_of_bit(bit);
}

uint64_t pyusdt_event_bit(const char *name)
{
	return name ? event_bit_of_name(name) : 0;
}
