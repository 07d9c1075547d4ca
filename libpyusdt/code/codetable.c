// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file keeps metadata for as long as its code object lives: it is looked up at each
 * event, made at the first one, judged by the filters, and freed when a weak reference
 * says that the code object goes.
 */
#include "code/codetable.h"

#include <stdlib.h>

#include "base/closure.h"
#include "base/pycompat.h"
#include "base/weakwatch.h"
#include "code/codelist.h"
#include "code/filters.h"

static void meta_free(void *value)
{
	struct codemeta *meta = value;

	codelist_remove(&meta->link);
	weakwatch_end(&meta->watch);
	if (!meta->table->gone || !meta->table->gone(meta))
		free(meta);
}

/* The callback of the weak reference. */
static PyObject *code_died(PyObject *self, PyObject *const *args, size_t nargsf,
			   PyObject *kwnames)
{
	struct codemeta *meta = closure_context(self);

	(void)args;
	(void)nargsf;
	(void)kwnames;
	if (meta) {
		objtable_remove(&meta->table->metas, meta->code);
		meta_free(meta);
	}
	Py_RETURN_NONE;
}

/* Returns: new metadata, in no table yet; NULL, with an exception set or not. */
static struct codemeta *make(struct codetable *table, PyObject *code, PyObject *globals)
{
	struct codemeta *meta = codemeta_new(code, globals);

	if (!meta)
		return NULL;
	if (weakwatch_begin(&meta->watch, code, table->closure_type, code_died, meta) <
	    0) {
		free(meta);
		return NULL;
	}
	meta->table = table;
	return meta;
}

void codetable_init(struct codetable *table, PyTypeObject *closure_type)
{
	objtable_init(&table->metas);
	table->closure_type = closure_type;
}

struct codemeta *codetable_add(struct codetable *table, PyObject *object,
			       PyObject *globals)
{
	struct codemeta *meta, *added;

	if (!pycompat_is_code(object))
		return NULL;
	meta = make(table, object, globals);
	/* Ours: inside a monitoring callback there is no exception of the program. */
	PyErr_Clear();
	if (!meta)
		return NULL;
	/* Judged before anybody can find it. */
	filters_add(meta);
	added = objtable_add(&table->metas, object, meta);
	/* Another thread was first, or memory ran out. */
	if (added != meta)
		meta_free(meta);
	return added;
}

/* For objtable_walk(), @context: a list. */
static int append(void *value, void *context)
{
	const struct codemeta *meta = value;

	return PyList_Append(context, meta->code);
}

PyObject *codetable_list(struct codetable *table)
{
	PyObject *list = PyList_New(0);

	if (list && objtable_walk(&table->metas, append, list) < 0)
		Py_CLEAR(list);
	return list;
}

void codetable_clear(struct codetable *table)
{
	objtable_clear(&table->metas, meta_free);
}
