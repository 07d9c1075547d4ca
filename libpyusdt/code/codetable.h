/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This table finds the metadata of each code object of one interpreter.
 *
 * Everything here needs an attached thread state of the table's interpreter.
 */
#ifndef PYUSDT_CODETABLE_H
#define PYUSDT_CODETABLE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "base/objtable.h"
#include "code/codemeta.h"

struct codetable {
	struct objtable metas;
	/*
	 * Called, where not NULL, when metadata goes that is in no list any more. With
	 * the GIL. Returns: whether it keeps @meta, and frees it with free().
	 */
	bool (*gone)(struct codemeta *meta);
	PyTypeObject *closure_type; /* borrowed: type of the weak references' callbacks */
};

/* @closure_type: from closure_type_new(). */
void codetable_init(struct codetable *table, PyTypeObject *closure_type);

/* Returns: the metadata of @code, or NULL where there is none yet. */
static inline struct codemeta *codetable_find(struct codetable *table,
					      const PyObject *code)
{
	return objtable_find(&table->metas, code);
}

/*
 * Make the metadata of @object, which runs with @globals (borrowed, may be NULL). Runs no
 * user code.
 *
 * Returns: the metadata, owned by @table; NULL, with no exception set, where @object is
 * no code object (Cython and Numba fire such events) or memory ran out.
 */
struct codemeta *codetable_add(struct codetable *table, PyObject *object,
			       PyObject *globals);

/*
 * Needs a GIL: where there is none a code object may be about to go.
 *
 * Returns: a new list of the code objects that have metadata; NULL with an exception set.
 */
PyObject *codetable_list(struct codetable *table);

/*
 * Free all metadata. The table can be used again. No callback may be at work in another
 * thread.
 */
void codetable_clear(struct codetable *table);

#endif /* PYUSDT_CODETABLE_H */
