// SPDX-License-Identifier: BSD-2-Clause
/* This file tells of garbage collections, by an entry in gc.callbacks. */
#include "monitoring/gc.h"

#include <errno.h>

#include "base/closure.h"
#include "base/pycompat.h"
#include "base/pyobject.h"
#include "monitoring/interp.h"
#include "probes/probes.h"

static bool is_wanted(const struct interp *interp, enum event event)
{
	return interp_active(interp) & event_bit(event) && probe_watched(event);
}

static void start(const struct interp *interp, PyObject *info)
{
	int generation = (int)pyobject_dict_long(info, "generation");

	if (is_wanted(interp, EVENT_GC_START))
		probe_GC_START(generation);
	if (is_wanted(interp, EVENT_PYTHON_GC_START))
		probe_PYTHON_GC_START(generation);
}

static void done(const struct interp *interp, PyObject *info)
{
	int generation = (int)pyobject_dict_long(info, "generation");
	long collected = pyobject_dict_long(info, "collected");
	long uncollectable = pyobject_dict_long(info, "uncollectable");

	if (is_wanted(interp, EVENT_GC_DONE))
		probe_GC_DONE(generation, collected, uncollectable);
	/* CPython's own tells the sum. */
	if (is_wanted(interp, EVENT_PYTHON_GC_DONE))
		probe_PYTHON_GC_DONE(collected + uncollectable);
}

/*
 * Called with (phase, info), as the documentation of gc.callbacks says; or, by a program
 * that has taken it from there, with anything.
 */
static PyObject *collection(PyObject *self, PyObject *const *args, size_t nargsf,
			    PyObject *kwnames)
{
	const struct interp *interp = closure_context(self);

	(void)kwnames;
	if (!interp || PyVectorcall_NARGS(nargsf) < 2 || !PyUnicode_Check(args[0]) ||
	    !PyDict_CheckExact(args[1]))
		Py_RETURN_NONE;
	if (!PyUnicode_CompareWithASCIIString(args[0], "start"))
		start(interp, args[1]);
	else if (!PyUnicode_CompareWithASCIIString(args[0], "stop"))
		done(interp, args[1]);
	Py_RETURN_NONE;
}

int gc_prepare(struct interp *interp)
{
	PyObject *module, *list;

	if (interp->gc.list)
		return 0;
	module = PyImport_ImportModule("gc");
	list = module ? PyObject_GetAttrString(module, "callbacks") : NULL;
	Py_XDECREF(module);
	if (list && PyList_CheckExact(list)) {
		interp->gc.callback =
			closure_new(interp->closure_type, collection, interp);
		if (interp->gc.callback) {
			interp->gc.list = list;
			return 0;
		}
	}
	Py_XDECREF(list);
	if (PyErr_ExceptionMatches(PyExc_MemoryError)) {
		PyErr_Clear();
		return -ENOMEM;
	}
	PyErr_Clear();
	return -EIO;
}

/* Returns: where our entry is; -1: a program may have taken it out. */
static Py_ssize_t position(const struct interp *interp)
{
	for (Py_ssize_t i = 0; i < PyList_Size(interp->gc.list); i++)
		if (PyList_GetItem(interp->gc.list, i) == interp->gc.callback)
			return i;
	return -1;
}

/* Returns: -1 with an exception set. */
static int take_out(const struct interp *interp)
{
	Py_ssize_t at;
	int result = 0;

	PYCOMPAT_BEGIN_CRITICAL_SECTION(interp->gc.list);
	at = position(interp);
	if (at >= 0)
		result = PyList_SetSlice(interp->gc.list, at, at + 1, NULL);
	PYCOMPAT_END_CRITICAL_SECTION();
	return result;
}

int gc_set(struct interp *interp, bool wanted)
{
	int result;

	if (wanted == interp->gc.set)
		return 0;
	result = wanted ? PyList_Append(interp->gc.list, interp->gc.callback)
			: take_out(interp);
	if (result < 0) {
		PyErr_Clear();
		return -ENOMEM;
	}
	interp->gc.set = wanted;
	return 1;
}
