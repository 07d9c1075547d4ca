// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file arms events, keeps profiles, and undoes both. All that changes an
 * interpreter's events leads to apply(): the public functions, a visit of the watcher, an
 * import that brings something new to instrument, and the end of the interpreter.
 */
#include "control/control.h"

#include <errno.h>

#include "account/account.h"
#include "base/pycompat.h"
#include "base/ticketlock.h"
#include "code/filters.h"
#include "control/announce.h"
#include "control/apply.h"
#include "control/options.h"
#include "control/registry.h"
#include "control/watcher.h"
#include "layout/layout.h"
#include "monitoring/gc.h"
#include "monitoring/interp.h"

uint64_t control_supported(const struct interp *interp)
{
	return monitoring_supported(&interp->monitoring) &
	       ~(account_supported()
			 ? 0
			 : PYUSDT_PROFILE | PYUSDT_PROFILE_TABLE | PYUSDT_PROFILE_BUCKET);
}

/*
 * From within a callback: what is instrumented may have to change, though what is watched
 * has not. Where that cannot be now, the watcher does it later.
 */
static void refresh(struct interp *interp)
{
	if (ticketlock_trylock(&interp->changing)) {
		apply(interp, interp->armed);
		ticketlock_unlock(&interp->changing);
	} else {
		registry_set_retry(interp);
		watcher_look_again();
	}
}

/* The last moment of @interp: it must not be found any more. */
static void forget(struct interp *interp)
{
	bool orphaned = interp->listed;

	registry_remove(interp);
	/*
	 * First armed in an atexit handler, after which CPython called no new ones, ours
	 * included. A thread that is waiting for the GIL now will not get it: let it be.
	 */
	if (orphaned && !registry_is_visited(interp))
		watcher_update_with_gil();
}

/*
 * In the watcher thread, without the GIL.
 *
 * Returns: as apply(); -EAGAIN, -ENOMEM when it could not be tried.
 */
static int visit(struct interp *interp)
{
	/*
	 * A thread state for this visit only: a lasting one would show in faulthandler's
	 * output, and Py_EndInterpreter() dies of it. PyGILState_Ensure() knows the main
	 * interpreter only.
	 */
	PyThreadState *state = PyThreadState_New(interp->state);
	int result = -EAGAIN;
	bool locked;

	if (!state)
		return -ENOMEM;
	PyEval_AcquireThread(state);
	/* Must not wait here: whoever is at it may be waiting for this thread to end. */
	locked = ticketlock_trylock(&interp->changing);
	if (locked)
		result = interp->listed ? apply(interp, interp->armed) : 0;
	PyThreadState_Clear(state);
	PyEval_ReleaseThread(state);
	/* Without the GIL: the lock keeps running_find() of others off the states. */
	PyThreadState_Delete(state);
	if (locked)
		ticketlock_unlock(&interp->changing);
	return result;
}

/* The watcher thread calls this, holding nothing: see watcher_set_sync(). */
static int sync_all(void)
{
	return registry_visit(visit, apply_is_in_step);
}

/*
 * Returns: 0, with all that @mask needs but a tool id: the handlers registered, the
 * layout looked for; an error takes nothing.
 */
static int prepare(struct interp *interp, uint64_t mask, control_register_fn *handlers)
{
	int error = 0;

	if (!interp->registered) {
		interp->refresh = refresh;
		interp->ended = forget;
		watcher_set_sync(sync_all);
		error = handlers(interp);
	}
	if (error)
		return error;
	interp->registered = true;
	if (mask & (PYUSDT_LAYOUT | PYUSDT_PROCESS))
		layout_prepare(interp->closure_type);
	/* Where that fails PROFILE stays silent. */
	if (mask & PYUSDT_PROFILE)
		account_prepare(interp->closure_type);
	if (mask & GC_EVENTS)
		error = gc_prepare(interp);
	return error;
}

/*
 * Nothing is instrumented any more. But where there is no GIL another thread may be
 * within a callback still: what it uses goes with the code that it tells of.
 */
static void forget_names(struct interp *interp)
{
#ifdef Py_GIL_DISABLED
	(void)interp;
#else
	interp_forget_names(interp);
#endif
}

/* Returns: 0, with nothing left behind; an error leaves @interp armed. */
static int disarm(struct interp *interp)
{
	int result;

	if (!interp->listed && interp->monitoring.tool_id < 0)
		return 0;
	result = apply(interp, 0);
	if (result < 0)
		return result;
	apply_release_tool(interp, 0);
	if (!interp->keeping)
		forget_names(interp);
	registry_remove(interp);
	/* Stopping cannot fail. */
	watcher_update();
	return 0;
}

static int enable(struct interp *interp, uint64_t mask, control_register_fn *handlers)
{
	uint64_t before = interp->armed;
	int error;

	if (interp->closed)
		return -ESHUTDOWN;
	if (mask & ~control_supported(interp))
		return -ENOTSUP;
	error = prepare(interp, mask, handlers);
	if (error)
		return error;
	error = apply(interp, mask);
	if (error >= 0) {
		registry_add(interp);
		error = watcher_update();
	}
	if (error >= 0) {
		apply_release_tool(interp, mask);
		return 0;
	}
	if (before) {
		apply(interp, before);
		apply_release_tool(interp, before);
	} else {
		disarm(interp);
	}
	return error;
}

int control_enable(struct interp *interp, uint64_t mask, control_register_fn *handlers)
{
	int error = options_environment();

	if (!error)
		error = ticketlock_lock(&interp->changing);
	if (error)
		return error;
	error = enable(interp, mask, handlers);
	ticketlock_unlock(&interp->changing);
	watcher_look_again();
	announce(apply_watched() & registry_armed());
	return error;
}

int control_disable(struct interp *interp)
{
	int error = ticketlock_lock(&interp->changing);

	if (error)
		return error;
	error = disarm(interp);
	ticketlock_unlock(&interp->changing);
	return error;
}

int control_poll(struct interp *interp)
{
	int result = ticketlock_lock(&interp->changing);

	if (result)
		return result;
	if (interp->closed)
		result = -ESHUTDOWN;
	else if (interp->listed)
		result = apply(interp, interp->armed);
	ticketlock_unlock(&interp->changing);
	/*
	 * The watcher compares semaphores with what it saw at its last look. They may
	 * be as they were then, while what is instrumented has been changed twice.
	 */
	if (result > 0)
		watcher_look_again();
	announce(apply_watched() & registry_armed());
	return result;
}

static int configure(const struct pyusdt_options *options)
{
	struct pyusdt_options before = options_get();
	int result;

	if (!registry_is_empty() && options->tool_id != before.tool_id)
		return -EBUSY;
	options_set(options);
	result = watcher_update();
	if (!result)
		result = filters_set(options->include, options->exclude);
	if (result < 0) {
		options_set(&before);
		watcher_update();
		return result;
	}
	/* The watcher sees to the other interpreters. */
	watcher_look_again();
	if (result)
		announce_again();
	return 0;
}

int control_configure(struct interp *interp, const struct pyusdt_options *options)
{
	int error = options_check(options);

	if (!error)
		error = ticketlock_lock(&interp->changing);
	if (error)
		return error;
	error = configure(options);
	/* Where this fails the watcher tries again. */
	if (!error && (interp->listed || interp->keeping))
		apply(interp, interp->armed);
	ticketlock_unlock(&interp->changing);
	announce(apply_watched() & registry_armed());
	return error;
}

/* Returns: 0, or an error with nothing begun. */
static int begin_keeping(struct interp *interp, unsigned int flags,
			 control_register_fn *handlers)
{
	uint64_t c_functions = flags & PYUSDT_PROFILE_C_FUNCTIONS ? INTERP_KEEPING_C : 0;
	int error;

	if (interp->closed)
		return -ESHUTDOWN;
	if (interp->keeping || interp->kept.visits)
		return -EBUSY;
	error = prepare(interp, 0, handlers);
	if (error)
		return error;
	if (!account_prepare(interp->closure_type) ||
	    (c_functions && !pycompat_method_defs_known()))
		return -ENOTSUP;
	account_forget(&interp->kept);
	account_start(&interp->kept, flags & PYUSDT_PROFILE_TREE);
	interp->keeping = INTERP_KEEPING | c_functions;
	error = apply(interp, interp->armed);
	if (error >= 0)
		return 0;
	interp->keeping = 0;
	account_stop(&interp->kept);
	apply_release_tool(interp, interp->armed);
	return error;
}

/* Returns: 0, or an error with all as it was. */
static int stop_keeping(struct interp *interp)
{
	uint64_t before = interp->keeping;
	int result;

	if (!before)
		return 0;
	interp->keeping = 0;
	result = apply(interp, interp->armed);
	if (result < 0) {
		interp->keeping = before;
		return result;
	}
	account_stop(&interp->kept);
	apply_release_tool(interp, interp->armed);
	if (!interp->listed)
		forget_names(interp);
	return 0;
}

int control_profile_begin(struct interp *interp, unsigned int flags,
			  control_register_fn *handlers)
{
	int error = options_environment();

	if (!error)
		error = ticketlock_lock(&interp->changing);
	if (error)
		return error;
	error = begin_keeping(interp, flags, handlers);
	ticketlock_unlock(&interp->changing);
	return error;
}

int control_profile_end(struct interp *interp)
{
	int error = ticketlock_lock(&interp->changing);

	if (error)
		return error;
	error = stop_keeping(interp);
	ticketlock_unlock(&interp->changing);
	return error;
}

int control_profile_free(struct interp *interp)
{
	int error = ticketlock_lock(&interp->changing);

	if (error)
		return error;
	if (interp->keeping || interp->kept.visits)
		error = -EBUSY;
	else
		account_forget(&interp->kept);
	ticketlock_unlock(&interp->changing);
	return error;
}

void control_close(struct interp *interp)
{
	if (ticketlock_lock(&interp->changing) < 0)
		return;
	interp->closed = true;
	stop_keeping(interp);
	/* Where this fails, sys.monitoring goes with the interpreter all the same. */
	if (disarm(interp) < 0) {
		registry_remove(interp);
		watcher_update();
	}
	ticketlock_unlock(&interp->changing);
	registry_wait_until_unvisited(interp);
}
