/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A struct interp is what we keep per interpreter. It lives in a capsule in the
 * interpreter's own dict, so that it is fresh after each initialisation of Python and
 * goes with the interpreter.
 */
#ifndef PYUSDT_INTERP_H
#define PYUSDT_INTERP_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#include "account/account.h"
#include "base/ticketlock.h"
#include "code/codetable.h"
#include "monitoring/monitoring.h"
#include "value/callable_names.h"

/*
 * Beside the events of pyusdt.h, in `active` and what is counted for the program itself:
 * functions of Python, and of C.
 */
#define INTERP_KEEPING   (UINT64_C(1) << 62)
#define INTERP_KEEPING_C (UINT64_C(1) << 61)

/* In `active`, too: events are set in visible code alone, each as it is first entered. */
#define INTERP_MEETING (UINT64_C(1) << 60)

struct interp {
	PyInterpreterState *state;       /* borrowed */
	const vectorcallfunc *functions; /* what sys.monitoring calls, by event; static */

	/*
	 * What control/ has called, which sets both before the first events are armed:
	 * @refresh where there is something new to instrument, @ended when this struct
	 * goes and must not be found any more.
	 */
	void (*refresh)(struct interp *interp);
	void (*ended)(struct interp *interp);

	/*
	 * Protected by the registry's lock and the GIL: a writer holds both, a reader
	 * either.
	 */
	uint64_t armed; /* events, as in pyusdt.h; atomic */
	/* Of these, those that are instrumented now, and the bits above; atomic. */
	uint64_t active;
	bool retry; /* the last change failed: try again though nothing changed */
	struct interp *next; /* in the list of armed interpreters */
	bool listed;

	struct ticketlock changing; /* had by the thread that changes the events */

	/* Protected by `changing`, and by the GIL where Python is not called. */
	struct monitoring monitoring;
	struct {
		PyObject *list;     /* gc.callbacks, owned */
		PyObject *callback; /* our entry, owned */
		bool set;           /* it is there */
	} gc;
	PyTypeObject *closure_type; /* owned */
	bool registered;            /* the handlers of its end and of forks */
	bool closed;                /* the atexit handlers have run */
	unsigned int filters;       /* version of them that is followed; atomic */
	uint64_t keeping;           /* INTERP_KEEPING and INTERP_KEEPING_C, or 0 */

	/* Protected by the GIL, or where there is none by the tables' own locks. */
	struct codetable codes;
	struct callable_names callable_names;
	struct account told; /* to tracers, by PROFILE */
	struct account kept; /* for the program: pyusdt_profile_begin() */
	bool refused; /* events of code that is filtered out were disabled; atomic */
};

/* Returns: the events to tell now, as in pyusdt.h, and what is kept. */
static inline uint64_t interp_active(const struct interp *interp)
{
	return __atomic_load_n(&interp->active, __ATOMIC_RELAXED);
}

/* Returns: the events that are armed, as in pyusdt.h. */
static inline uint64_t interp_armed(const struct interp *interp)
{
	return __atomic_load_n(&interp->armed, __ATOMIC_RELAXED);
}

/*
 * The calling thread's interpreter. Needs an attached thread state.
 *
 * Returns: NULL where nothing was ever armed in it.
 */
struct interp *interp_find(void);

/*
 * As interp_find(), and makes it where there is none, with @functions as the callbacks of
 * sys.monitoring, whose context it is.
 *
 * Returns: 0; -ENOTSUP, -ENOMEM, -ESHUTDOWN (the interpreter is about to end).
 */
int interp_get(struct interp **interp, const vectorcallfunc functions[MONITOR_COUNT]);

/*
 * Make new callbacks for sys.monitoring. The ones that there were tell nothing any more,
 * whoever calls them.
 *
 * Returns: 0; -ENOMEM, with nothing changed.
 */
int interp_renew_callbacks(struct interp *interp);

/*
 * Make the metadata of @code, as codetable_add() does, and tell of it where that is
 * wanted.
 */
struct codemeta *interp_add_code(struct interp *interp, PyObject *code,
				 PyObject *globals);

/*
 * For a callback that is about to disable an event of @code, which it has seen is
 * filtered out: let who changes the filters know that there is something to bring back.
 *
 * Returns: whether it is filtered out still.
 */
bool interp_refuse(struct interp *interp, const struct codemeta *code);

/*
 * Free what we keep of code and callables. No callback may be at work in another thread.
 */
void interp_forget_names(struct interp *interp);

#endif /* PYUSDT_INTERP_H */
