// SPDX-License-Identifier: BSD-2-Clause
#include "interp.h"

#include <errno.h>
#include <stdlib.h>

#include "callable.h"
#include "callbacks.h"
#include "control.h"

#define CAPSULE_NAME "pyusdt.interp"

static void interp_free(struct interp *interp)
{
	codetable_clear(&interp->codes);
	monitoring_clear(&interp->monitoring);
	Py_XDECREF(interp->collector.list);
	if (interp->collector.callback)
		callable_forget_context(interp->collector.callback);
	Py_XDECREF(interp->collector.callback);
	Py_XDECREF((PyObject *)interp->callable);
	free(interp);
}

/* The interpreter's dict goes: after its atexit handlers, when no Python code runs. */
static void capsule_destroy(PyObject *capsule)
{
	struct interp *interp = PyCapsule_GetPointer(capsule, CAPSULE_NAME);

	control_forget(interp);
	interp_free(interp);
}

struct interp *interp_find(void)
{
	PyObject *dict =
		PyInterpreterState_GetDict(PyInterpreterState_Get()); /* borrowed */
	PyObject *capsule = dict ? PyDict_GetItemString(dict, CAPSULE_NAME) : NULL;

	return capsule ? PyCapsule_GetPointer(capsule, CAPSULE_NAME) : NULL;
}

/* Returns: 0 or an error. */
static int make_callbacks(struct interp *interp)
{
	interp->callable = callable_type_new();
	if (!interp->callable)
		return -ENOMEM;
	interp->codes.callable = interp->callable;
	for (int i = 0; i < MONITOR_COUNT; i++) {
		interp->monitoring.callbacks[i] =
			callable_new(interp->callable, callbacks[i], interp);
		if (!interp->monitoring.callbacks[i])
			return -ENOMEM;
	}
	return 0;
}

/* Returns: 0, with @interp owned by the interpreter; or an error. */
static int keep(struct interp *interp)
{
	PyObject *dict = PyInterpreterState_GetDict(interp->state); /* borrowed */
	PyObject *capsule;
	int error;

	if (!dict)
		return -ESHUTDOWN;
	capsule = PyCapsule_New(interp, CAPSULE_NAME, NULL);
	if (!capsule)
		return -ENOMEM;
	error = PyDict_SetItemString(dict, CAPSULE_NAME, capsule) < 0 ? -ENOMEM : 0;
	/* From here on the capsule frees it. */
	if (!error)
		PyCapsule_SetDestructor(capsule, capsule_destroy);
	Py_DECREF(capsule);
	return error;
}

int interp_get(struct interp **result)
{
	struct interp *interp = interp_find();
	int error;

	if (interp) {
		*result = interp;
		return 0;
	}
	interp = calloc(1, sizeof(*interp));
	if (!interp)
		return -ENOMEM;
	interp->state = PyInterpreterState_Get();
	error = monitoring_init(&interp->monitoring);
	if (!error)
		error = make_callbacks(interp);
	if (!error)
		error = keep(interp);
	if (error) {
		PyErr_Clear();
		interp_free(interp);
		return error;
	}
	*result = interp;
	return 0;
}
