/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A weakwatch calls a function when a Python object dies. It needs an attached thread
 * state.
 */
#ifndef PYUSDT_WEAKWATCH_H
#define PYUSDT_WEAKWATCH_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

struct weakwatch {
	PyObject *weakref;  /* owned */
	PyObject *callback; /* of weakref, owned */
};

/*
 * @closure_type: from closure_type_new(). @died: called with @context as the closure's
 * own, which is NULL once the watch has ended.
 *
 * Returns: 0, or -1 with an exception set.
 */
int weakwatch_begin(struct weakwatch *watch, PyObject *object, PyTypeObject *closure_type,
		    vectorcallfunc died, void *context);

/* Also from within @died. */
void weakwatch_end(struct weakwatch *watch);

#endif /* PYUSDT_WEAKWATCH_H */
