// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file makes what is kept per interpreter, finds it again, and frees it with the
 * interpreter.
 */
#include "monitoring/interp.h"

#include <errno.h>
#include <stdlib.h>

#include "base/closure.h"
#include "base/pycompat.h"
#include "probes/probes.h"
#include "pyusdt.h"

#define CAPSULE_NAME "pyusdt.interp"

void interp_forget_names(struct interp *interp)
{
	codetable_clear(&interp->codes);
	callable_names_clear(&interp->callable_names);
}

struct codemeta *interp_add_code(struct interp *interp, PyObject *code, PyObject *globals)
{
	struct codemeta *meta = codetable_add(&interp->codes, code, globals);

	/* The announcer comes once a second: too late for the first event. */
	if (meta && codemeta_visible(meta) && interp_active(interp) & PYUSDT_CODE)
		probe_CODE(meta);
	return meta;
}

bool interp_refuse(struct interp *interp, const struct codemeta *code)
{
	__atomic_store_n(&interp->refused, true, __ATOMIC_RELAXED);
	/* This is the counterpart of the fence in follow_filters() of control.c. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !codemeta_visible(code);
}

static void interp_free(struct interp *interp)
{
	ticketlock_remove(&interp->changing);
	account_stop(&interp->told);
	account_stop(&interp->kept);
	interp_forget_names(interp);
	account_fini(&interp->told);
	account_fini(&interp->kept);
	monitoring_clear(&interp->monitoring);
	Py_XDECREF(interp->gc.list);
	if (interp->gc.callback)
		closure_forget_context(interp->gc.callback);
	Py_XDECREF(interp->gc.callback);
	Py_XDECREF((PyObject *)interp->closure_type);
	free(interp);
}

/* The interpreter's dict goes: after its atexit handlers, when no Python code runs. */
static void capsule_destroy(PyObject *capsule)
{
	struct interp *interp = PyCapsule_GetPointer(capsule, CAPSULE_NAME);

	if (interp->ended)
		interp->ended(interp);
	interp_free(interp);
}

struct interp *interp_find(void)
{
	PyObject *dict =
		PyInterpreterState_GetDict(PyInterpreterState_Get()); /* borrowed */
	PyObject *capsule = dict ? PyDict_GetItemString(dict, CAPSULE_NAME) : NULL;

	return capsule ? PyCapsule_GetPointer(capsule, CAPSULE_NAME) : NULL;
}

/* Returns: 0, with new references in @made; or an error, with none. */
static int make_callbacks(struct interp *interp, PyObject *made[MONITOR_COUNT])
{
	for (int i = 0; i < MONITOR_COUNT; i++) {
		made[i] = closure_new(interp->closure_type, interp->functions[i], interp);
		if (!made[i]) {
			PyErr_Clear();
			while (i-- > 0)
				Py_CLEAR(made[i]);
			return -ENOMEM;
		}
	}
	return 0;
}

int interp_renew_callbacks(struct interp *interp)
{
	static struct interp nobody; /* nothing is active there */
	PyObject *made[MONITOR_COUNT];
	int error = make_callbacks(interp, made);

	if (error)
		return error;
	for (int i = 0; i < MONITOR_COUNT; i++) {
		closure_set_context(interp->monitoring.callbacks[i], &nobody);
		Py_DECREF(interp->monitoring.callbacks[i]);
		interp->monitoring.callbacks[i] = made[i];
	}
	return 0;
}

/*
 * Returns: 0, with @interp owned by the interpreter; 1 where another thread has been
 * first; or an error.
 */
static int keep(struct interp *interp)
{
	PyObject *dict = PyInterpreterState_GetDict(interp->state); /* borrowed */
	PyObject *capsule;
	int result;

	if (!dict)
		return -ESHUTDOWN;
	capsule = PyCapsule_New(interp, CAPSULE_NAME, NULL);
	if (!capsule)
		return -ENOMEM;
	PYCOMPAT_BEGIN_CRITICAL_SECTION(dict);
	result = PyDict_GetItemString(dict, CAPSULE_NAME)                ? 1
		 : PyDict_SetItemString(dict, CAPSULE_NAME, capsule) < 0 ? -ENOMEM
									 : 0;
	PYCOMPAT_END_CRITICAL_SECTION();
	/* From here on the capsule frees it. */
	if (!result)
		PyCapsule_SetDestructor(capsule, capsule_destroy);
	Py_DECREF(capsule);
	return result;
}

/* Returns: as keep(), with all that it needs; where it is not kept, nothing is left. */
static int make_and_keep(const vectorcallfunc *functions)
{
	struct interp *interp = calloc(1, sizeof(*interp));
	int result;

	if (!interp)
		return -ENOMEM;
	interp->state = PyInterpreterState_Get();
	interp->functions = functions;
	ticketlock_add(&interp->changing);
	interp->closure_type = closure_type_new();
	account_init(&interp->told, ACCOUNT_TOLD);
	account_init(&interp->kept, ACCOUNT_KEPT);
	codetable_init(&interp->codes, interp->closure_type);
	interp->codes.gone = account_code_gone;
	callable_names_init(&interp->callable_names, interp->closure_type);
	interp->monitoring.codes = &interp->codes;
	result = interp->closure_type ? monitoring_init(&interp->monitoring) : -ENOMEM;
	if (!result)
		result = make_callbacks(interp, interp->monitoring.callbacks);
	if (!result)
		result = keep(interp);
	if (result) {
		PyErr_Clear();
		interp_free(interp);
	}
	return result;
}

int interp_get(struct interp **interp, const vectorcallfunc functions[MONITOR_COUNT])
{
	int error = 0;

	*interp = interp_find();
	if (!*interp) {
		error = make_and_keep(functions);
		*interp = interp_find();
	}
	return error < 0 ? error : 0;
}
