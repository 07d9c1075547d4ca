/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The metadata of a code object is what probes tell about it, as C strings that stay
 * where they are. It is made once, at the code object's first event.
 */
#ifndef PYUSDT_CODEMETA_H
#define PYUSDT_CODEMETA_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/weakwatch.h"
#include "code/codelist.h"

struct account_node;
struct codetable;

/* How many accounts count the calls of a code object. */
#define CODEMETA_ACCOUNTS 2

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
	bool visible;          /* to tracers: neither own nor filtered out; atomic */
	PyObject *code;        /* borrowed: the metadata goes with it */

	/* The table's. */
	struct weakwatch watch;
	struct codetable *table;

	/* The monitoring's: a set of events that are set in this code object alone. */
	uint32_t local_events;

	/* The accounts', with their lock; NULL: none. */
	struct account_node *nodes[CODEMETA_ACCOUNTS];

	char strings[];
};

/*
 * Make the metadata of @code, which runs with @globals (borrowed, may be NULL). Runs no
 * user code.
 *
 * Returns: the metadata, which the caller frees with free(), in no table or list yet;
 * NULL, with an exception set or not.
 */
struct codemeta *codemeta_new(PyObject *code, PyObject *globals);

/*
 * Make the like for a function of C, which has no code object: all its names are @name.
 *
 * Returns: the metadata, which the caller frees with free(); NULL where memory ran out.
 */
struct codemeta *codemeta_new_of_c(const char *name);

static inline bool codemeta_visible(const struct codemeta *code)
{
	return __atomic_load_n(&code->visible, __ATOMIC_RELAXED);
}

#endif /* PYUSDT_CODEMETA_H */
