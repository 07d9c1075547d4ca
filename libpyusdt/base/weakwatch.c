// SPDX-License-Identifier: BSD-2-Clause
/* This file makes weak references that a collection of garbage need not look at. */
#include "base/weakwatch.h"

#include <stdbool.h>

#include "base/closure.h"

/*
 * A weak reference of ours is in no cycle, and no object of the program: untracked,
 * gc.get_objects() has the same as without us, and a collection has less to look at. But
 * when the collector takes an object it moves its weak references between lists of its
 * own, tracked or not.
 */
static bool is_collected(PyObject *object)
{
	return PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_HAVE_GC);
}

int weakwatch_begin(struct weakwatch *watch, PyObject *object, PyTypeObject *closure_type,
		    vectorcallfunc died, void *context)
{
	watch->callback = closure_new(closure_type, died, context);
	if (!watch->callback)
		return -1;
	watch->weakref = PyWeakref_NewRef(object, watch->callback);
	if (!watch->weakref) {
		Py_DECREF(watch->callback);
		return -1;
	}
	if (!is_collected(object))
		PyObject_GC_UnTrack(watch->weakref);
	return 0;
}

void weakwatch_end(struct weakwatch *watch)
{
	/* The program may have got hold of both, by weakref.getweakrefs(). */
	closure_forget_context(watch->callback);
	Py_DECREF(watch->callback);
	Py_DECREF(watch->weakref);
}
