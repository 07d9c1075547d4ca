// SPDX-License-Identifier: BSD-2-Clause
#include "weakwatch.h"

#include "callable.h"

int weakwatch_begin(struct weakwatch *watch, PyObject *object, PyTypeObject *callable,
		    vectorcallfunc died, void *context)
{
	watch->callback = callable_new(callable, died, context);
	if (!watch->callback)
		return -1;
	watch->weakref = PyWeakref_NewRef(object, watch->callback);
	if (watch->weakref) {
		/*
		 * It is in no cycle, and no object of the program: gc.get_objects() has
		 * the same as without us, and a collection has less to look at.
		 */
		PyObject_GC_UnTrack(watch->weakref);
		return 0;
	}
	Py_DECREF(watch->callback);
	return -1;
}

void weakwatch_end(struct weakwatch *watch)
{
	/* The program may have got hold of both, by weakref.getweakrefs(). */
	callable_forget_context(watch->callback);
	Py_DECREF(watch->callback);
	Py_DECREF(watch->weakref);
}
