/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This is the Python callable that is a C function with a context, which we hand to
 * sys.monitoring, to weak references, to atexit and to os.register_at_fork.
 *
 * It is a type of our own with a vectorcall slot rather than a PyCFunction: the context
 * comes with the object, at no look-up, and CPython calls us without a layer in
 * between.
 */
#ifndef PYUSDT_CLOSURE_H
#define PYUSDT_CLOSURE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

struct closure {
	PyObject_HEAD vectorcallfunc function;
	void *context; /* borrowed; atomic */
};

/* Returns: the type, one per interpreter, a new reference; NULL with an exception set. */
PyTypeObject *closure_type_new(void);

/*
 * @context must live for as long as the callable may be called.
 *
 * Returns: a new reference; NULL with an exception set.
 */
PyObject *closure_new(PyTypeObject *type, vectorcallfunc function, void *context);

static inline void *closure_context(PyObject *self)
{
	return __atomic_load_n(&((struct closure *)self)->context, __ATOMIC_RELAXED);
}

/* Whoever still calls it gets @context from now on. */
static inline void closure_set_context(PyObject *self, void *context)
{
	__atomic_store_n(&((struct closure *)self)->context, context, __ATOMIC_RELAXED);
}

/* The context is about to go: who still calls gets NULL for it. */
static inline void closure_forget_context(PyObject *self)
{
	closure_set_context(self, NULL);
}

#endif /* PYUSDT_CLOSURE_H */
