/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This table keeps the names of what is called, of C functions and classes: to make one
 * takes some thousand instructions, and the same few are called again and again. There
 * is one table per interpreter. A name goes with what it is the name of.
 *
 * Everything here needs an attached thread state of the interpreter, and no exception
 * set.
 */
#ifndef PYUSDT_CALLABLE_NAMES_H
#define PYUSDT_CALLABLE_NAMES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>

#include "base/objtable.h"

struct callable_names {
	struct objtable names;
	PyTypeObject *closure_type; /* borrowed: type of the weak references' callbacks */
};

/* @closure_type: from closure_type_new(). */
void callable_names_init(struct callable_names *table, PyTypeObject *closure_type);

/*
 * Returns: what format_callable() says of @callable, valid as long as that lives; NULL
 * where it is not of a kind whose name is kept, or does not fit into @size.
 */
const char *callable_names_get(struct callable_names *table, PyObject *callable,
			       size_t size);

/* Free all names. No callback may be at work in another thread. */
void callable_names_clear(struct callable_names *table);

#endif /* PYUSDT_CALLABLE_NAMES_H */
