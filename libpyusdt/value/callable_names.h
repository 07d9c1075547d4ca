/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of what is called, of C functions and classes: to make one takes some
 * thousand instructions, and the same few are called again and again. One table per
 * interpreter. A name goes with what it is the name of.
 *
 * Everything here needs an attached thread state of the interpreter, and no exception
 * set.
 */
#ifndef PYUSDT_CALLNAMES_H
#define PYUSDT_CALLNAMES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>

#include "base/objtable.h"

struct callnames {
	struct objtable names;
	PyTypeObject *callable; /* borrowed: type of the weak references' callbacks */
};

/* @callable: from callable_type_new(). */
void callnames_init(struct callnames *table, PyTypeObject *callable);

/*
 * Returns: what format_callable() says of @callable, valid as long as that lives; NULL
 * where it is not of a kind whose name is kept, or does not fit into @size.
 */
const char *callnames_get(struct callnames *table, PyObject *callable, size_t size);

/* Free all names. No callback may be at work in another thread. */
void callnames_clear(struct callnames *table);

#endif /* PYUSDT_CALLNAMES_H */
