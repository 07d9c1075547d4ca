// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file keeps what is instrumented in step with what is armed and watched. apply()
 * is the one place where an interpreter's events change; all others lead to it: the
 * public functions, a visit of the watcher, an import that brings something new to
 * instrument, and the end of the interpreter.
 */
#include "control/control.h"

#include <errno.h>

#include "base/ticketlock.h"
#include "code/filters.h"
#include "control/announce.h"
#include "control/options.h"
#include "control/registry.h"
#include "control/watcher.h"
#include "layout/layout.h"
#include "monitoring/gc.h"
#include "monitoring/imports_threads.h"
#include "monitoring/interp.h"
#include "probes/elfnotes.h"
#include "probes/probes.h"

uint64_t control_watched(void)
{
	return probes_watched() & ~elfnotes_python_events();
}

static unsigned int followed_filters(const struct interp *interp)
{
	return __atomic_load_n(&interp->filters, __ATOMIC_RELAXED);
}

/*
 * Code that was filtered out is disabled within sys.monitoring: another filter may want
 * it back.
 *
 * Returns: 0 or an error.
 */
static int follow_filters(struct interp *interp)
{
	unsigned int version = filters_version();
	int error = 0;

	if (followed_filters(interp) == version)
		return 0;
	/*
	 * A callback of another thread may be about to refuse what the old filters left
	 * out. With this fence and the one in interp_refuse() either `refused` is seen
	 * here to be set, or that callback sees what the new filters say.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* Taken back before the restart: what is refused during it sets it again. */
	if (__atomic_exchange_n(&interp->refused, false, __ATOMIC_RELAXED))
		error = monitoring_restart(&interp->monitoring);
	if (error)
		__atomic_store_n(&interp->refused, true, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&interp->filters, version, __ATOMIC_RELAXED);
	return error;
}

/*
 * Instrument exactly @active.
 *
 * Returns: 1 when something changed, 0 when not; an error changes nothing.
 */
static int instrument(struct interp *interp, uint64_t active)
{
	struct monitor_sets wanted = events_required(active);
	int gc, result;

	/* This comes first, since it does no harm where the rest fails. */
	result = active ? follow_filters(interp) : 0;
	if (result < 0)
		return result;
	gc = gc_set(interp, active & GC_EVENTS);
	if (gc < 0)
		return gc;
	/* With CALL set its callback can disable it in code that is filtered out. */
	if (filters_any() &&
	    wanted.in[SCOPE_ALL] & (MONITOR(C_RETURN) | MONITOR(C_RAISE)))
		wanted.in[SCOPE_ALL] |= MONITOR(CALL);
	imports_threads_find(interp, &wanted);
	result = monitoring_set(&interp->monitoring, wanted);
	if (result < 0 && gc)
		gc_set(interp, interp->active & GC_EVENTS);
	return result < 0 ? result : result || gc;
}

static bool needs_tool(uint64_t mask)
{
	struct monitor_sets required = events_required(mask);

	return monitor_sets_union(&required) != 0;
}

/*
 * Have a tool id where @armed needs one: none was taken yet, or the program has freed it.
 *
 * Returns: 0 or an error.
 */
static int keep_tool(struct interp *interp, uint64_t armed)
{
	int error = monitoring_keep_tool(&interp->monitoring);

	if (error == -EBUSY) {
		/* CPython before 3.14 leaves our callbacks with the id. */
		error = interp_renew_callbacks(interp);
		if (!error)
			monitoring_forget_tool(&interp->monitoring);
	}
	if (!error && needs_tool(armed) && interp->monitoring.tool_id < 0)
		error = monitoring_take_tool(&interp->monitoring, options_get().tool_id);
	return error;
}

/*
 * Arm exactly @armed, and instrument what of it is watched. The one place where an
 * interpreter's events change.
 *
 * Returns: 1 when instrumentation changed, 0 when not; an error changes nothing.
 */
static int apply(struct interp *interp, uint64_t armed)
{
	uint64_t active = armed & control_watched();
	int result = keep_tool(interp, armed);

	if (!result)
		result = instrument(interp, active);
	if (result >= 0)
		registry_set(interp, armed, active);
	else
		registry_set_retry(interp);
	return result;
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

	if (!state)
		return -ENOMEM;
	PyEval_AcquireThread(state);
	/* Must not wait here: whoever is at it may be waiting for this thread to end. */
	if (ticketlock_trylock(&interp->changing)) {
		result = interp->listed ? apply(interp, interp->armed) : 0;
		ticketlock_unlock(&interp->changing);
	}
	PyThreadState_Clear(state);
	PyEval_ReleaseThread(state);
	PyThreadState_Delete(state);
	return result;
}

/* Caller holds the registry's lock. */
static bool is_in_step(const struct interp *interp)
{
	uint64_t watched = control_watched();

	return !interp->retry && (interp->armed & watched) == interp->active &&
	       (!interp->active || followed_filters(interp) == filters_version());
}

/* The watcher thread calls this, holding nothing: see watcher_set_sync(). */
static int sync_all(void)
{
	return registry_visit(visit, is_in_step);
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
	if (mask & GC_EVENTS)
		error = gc_prepare(interp);
	return error;
}

/* @armed: what it is kept for. */
static void release_tool(struct interp *interp, uint64_t armed)
{
	if (interp->monitoring.tool_id >= 0 && !needs_tool(armed))
		monitoring_release_tool(&interp->monitoring);
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
	release_tool(interp, 0);
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
	if (mask & ~monitoring_supported(&interp->monitoring))
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
		release_tool(interp, mask);
		return 0;
	}
	if (before) {
		apply(interp, before);
		release_tool(interp, before);
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
	announce(control_watched() & registry_armed());
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
	announce(control_watched() & registry_armed());
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
	if (!error && interp->listed)
		apply(interp, interp->armed);
	ticketlock_unlock(&interp->changing);
	announce(control_watched() & registry_armed());
	return error;
}

void control_close(struct interp *interp)
{
	if (ticketlock_lock(&interp->changing) < 0)
		return;
	interp->closed = true;
	/* Where this fails, sys.monitoring goes with the interpreter all the same. */
	if (disarm(interp) < 0) {
		registry_remove(interp);
		watcher_update();
	}
	ticketlock_unlock(&interp->changing);
	registry_wait_until_unvisited(interp);
}
