/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What probes tell about a code object, as stable C strings, built once at its first
 * event and gone with it. One table per interpreter, keyed by the object's address: code
 * objects compare by structure, so equality would mix them up.
 *
 * Everything here needs the GIL of the table's interpreter.
 */
#ifndef PYUSDT_CODEMETA_H
#define PYUSDT_CODEMETA_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codelist.h"

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
	bool scoped;           /* may be a scope of sys.monitoring: see scopes.h */
	PyObject *code;        /* borrowed: cleared by weakref's callback */
	PyObject *weakref;     /* owned */
	PyObject *callback;    /* of weakref, owned */
	struct codetable *table;
	char strings[];
};

struct codetable {
	struct codemeta **slots; /* open addressing; NULL where free */
	size_t capacity;         /* a power of two, or 0 */
	size_t count;
	PyTypeObject *callable; /* borrowed: type of the weak references' callbacks */
};

/* Returns: the metadata of @code, or NULL where there is none yet. */
static inline struct codemeta *codetable_find(const struct codetable *table,
					      const PyObject *code);

/*
 * Make the metadata of @object, which runs with @globals (borrowed, may be NULL). Runs no
 * user code.
 *
 * Returns: the metadata, owned by @table; NULL, with no exception set, where @object is
 * no code object (Cython and Numba fire such events) or memory ran out.
 */
struct codemeta *codetable_add(struct codetable *table, PyObject *object,
			       PyObject *globals);

/* Free all metadata. The table can be used again. */
void codetable_clear(struct codetable *table);

static inline bool codemeta_told(const struct codemeta *code)
{
	return __atomic_load_n(&code->told, __ATOMIC_RELAXED);
}

static inline size_t codetable_hash(const PyObject *code)
{
	/* Fibonacci hashing: objects are 16 bytes apart or more, the high bits are good.
	 */
	return (size_t)(((uintptr_t)code * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static inline struct codemeta *codetable_find(const struct codetable *table,
					      const PyObject *code)
{
	size_t mask = table->capacity - 1;

	if (!table->capacity)
		return NULL;
	for (size_t i = codetable_hash(code) & mask;; i = (i + 1) & mask) {
		struct codemeta *meta = table->slots[i];

		if (!meta || meta->code == code)
			return meta;
	}
}

#endif /* PYUSDT_CODEMETA_H */
