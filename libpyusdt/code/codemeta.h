/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What probes tell about a code object, as stable C strings, built once at its first
 * event and gone with it. One table per interpreter.
 *
 * Everything here needs an attached thread state of the table's interpreter.
 */
#ifndef PYUSDT_CODEMETA_H
#define PYUSDT_CODEMETA_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/objtable.h"
#include "base/weakwatch.h"
#include "code/codelist.h"

struct codetable;

struct codemeta {
	struct codelink link; /* first: what codelist_walk() visits */
	const char *name;     /* these five: owned, in strings, UTF-8 */
	const char *file;
	const char *qualname;
	const char *module;    /* "" where unknown */
	const char *full_name; /* "module.qualname" */
	size_t full_size;      /* of full_name, with its NUL */
	uint64_t id;           /* unique in the process, never used again */
	int line;              /* first line of the function */
	bool own;              /* of our Python package: not told to tracers */
	bool told;             /* to tracers: neither own nor filtered out; atomic */
	PyObject *code;        /* borrowed: the metadata goes with it */
	struct weakwatch watch;
	struct codetable *table;
	char strings[];
};

struct codetable {
	struct objtable metas;
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
 * Free all metadata. The table can be used again. No callback may be at work in another
 * thread.
 */
void codetable_clear(struct codetable *table);

static inline bool codemeta_told(const struct codemeta *code)
{
	return __atomic_load_n(&code->told, __ATOMIC_RELAXED);
}

#endif /* PYUSDT_CODEMETA_H */
