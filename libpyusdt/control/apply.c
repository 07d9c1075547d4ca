// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file keeps what is instrumented in step with what is armed and watched: apply() is
 * the one place where an interpreter's events change.
 */
#include "control/apply.h"

#include <errno.h>

#include "account/telling.h"
#include "code/filters.h"
#include "control/options.h"
#include "control/registry.h"
#include "monitoring/gc.h"
#include "monitoring/imports_threads.h"
#include "monitoring/running.h"
#include "monitoring/visible.h"
#include "probes/elfnotes.h"
#include "probes/probes.h"

uint64_t apply_watched(void)
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
	account_follow_filters(&interp->told);
	account_follow_filters(&interp->kept);
	if (__atomic_exchange_n(&interp->refused, false, __ATOMIC_RELAXED))
		error = monitoring_restart(&interp->monitoring);
	if (error)
		__atomic_store_n(&interp->refused, true, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&interp->filters, version, __ATOMIC_RELAXED);
	return error;
}

/* What costs something in code where it is set, though disabled there. */
#define NARROWED                                                                  \
	(MONITOR(LINE) | MONITOR(INSTRUCTION) | MONITOR(JUMP) | MONITOR(BRANCH) | \
	 MONITOR(BRANCH_LEFT) | MONITOR(BRANCH_RIGHT))

/* What tells of each code object as it is entered. */
#define MEETING (MONITOR(PY_START) | MONITOR(PY_RESUME) | MONITOR(PY_THROW))

/*
 * With filters some events are set in visible code alone. But where there is no GIL the
 * frames of other threads cannot be looked at, and code that runs would be missed.
 *
 * Returns: INTERP_MEETING where @active, events as in pyusdt.h, has such; or 0.
 */
static uint64_t meeting(uint64_t active)
{
#ifdef Py_GIL_DISABLED
	(void)active;
	return 0;
#else
	return filters_any() && events_required(active).in[SCOPE_ALL] & NARROWED
		       ? INTERP_MEETING
		       : 0;
#endif
}

/* What is NARROWED is set in visible code, which is met elsewhere. */
static void narrow(struct monitor_sets *sets)
{
	sets->in[SCOPE_VISIBLE] = sets->in[SCOPE_ALL] & NARROWED;
	sets->in[SCOPE_ALL] &= ~NARROWED;
	sets->in[SCOPE_ALL] |= MEETING;
}

/* The events of sys.monitoring that @active needs, as in interp->active. */
static struct monitor_sets required(uint64_t active)
{
	struct monitor_sets sets;

	/* What is kept for the program needs the same as what is told. */
	if (active & INTERP_KEEPING)
		active |= PYUSDT_PROFILE;
	if (active & INTERP_KEEPING_C)
		active |= PYUSDT_CALL | PYUSDT_C_RETURN | PYUSDT_C_RAISE;
	sets = events_required(active & events_all);
	if (active & INTERP_MEETING)
		narrow(&sets);
	return sets;
}

/*
 * Instrument exactly @active.
 *
 * Returns: 1 when something changed, 0 when not; an error changes nothing.
 */
static int instrument(struct interp *interp, uint64_t active)
{
	struct monitor_sets wanted = required(active);
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
	if (wanted.in[SCOPE_VISIBLE] &&
	    !visible_is(&interp->monitoring, wanted.in[SCOPE_VISIBLE]))
		running_find(interp);
	result = monitoring_set(&interp->monitoring, wanted);
	if (result < 0 && gc)
		gc_set(interp, interp->active & GC_EVENTS);
	return result < 0 ? result : result || gc;
}

/* @armed: as in pyusdt.h. */
static bool needs_tool(const struct interp *interp, uint64_t armed)
{
	struct monitor_sets sets = required(armed | interp->keeping);

	return monitor_sets_union(&sets) != 0;
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
	if (!error && needs_tool(interp, armed) && interp->monitoring.tool_id < 0)
		error = monitoring_take_tool(&interp->monitoring, options_get().tool_id);
	return error;
}

/* Before its events come. Where it could not be prepared PROFILE stays silent. */
static void start_accounts(struct interp *interp, uint64_t active)
{
	if (!(active & PYUSDT_PROFILE) || !account_is_prepared())
		return;
	if (!account_is_on(&interp->told))
		account_start(&interp->told, false);
	account_keep_buckets(&interp->told, active & PYUSDT_PROFILE_BUCKET);
}

/* After its events: what was counted last is told, and then forgotten. */
static void stop_accounts(struct interp *interp, uint64_t active)
{
	if (active & PYUSDT_PROFILE || !account_is_on(&interp->told))
		return;
	account_stop(&interp->told);
	telling_all();
	account_forget(&interp->told);
}

int apply(struct interp *interp, uint64_t armed)
{
	uint64_t active = armed & apply_watched();
	int result = keep_tool(interp, armed);

	active |= meeting(active) | interp->keeping;
	if (!result) {
		start_accounts(interp, active);
		result = instrument(interp, active);
	}
	if (result >= 0)
		registry_set(interp, armed, active);
	else
		registry_set_retry(interp);
	stop_accounts(interp, interp->active);
	return result;
}

void apply_release_tool(struct interp *interp, uint64_t armed)
{
	if (interp->monitoring.tool_id >= 0 && !needs_tool(interp, armed))
		monitoring_release_tool(&interp->monitoring);
}

bool apply_is_in_step(const struct interp *interp)
{
	uint64_t watched = apply_watched();

	return !interp->retry &&
	       (interp->armed & watched) == (interp->active & events_all) &&
	       (!interp->active || followed_filters(interp) == filters_version());
}
