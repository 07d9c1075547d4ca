// SPDX-License-Identifier: BSD-2-Clause
/* The table of code objects: what it tells, and that it lives as long as they do. */
#include <string.h>

#include "base/closure.h"
#include "code/codelist.h"
#include "code/codetable.h"
#include "support.h"

static struct codetable table;
static PyTypeObject *closure_type;

static PyObject *id_or_none(const struct codemeta *meta)
{
	if (meta)
		return PyLong_FromUnsignedLongLong(meta->id);
	Py_RETURN_NONE;
}

/* Its caller is the frame that runs now. */
static PyObject *add(PyObject *self, PyObject *code)
{
	const struct codemeta *meta = codetable_add(&table, code, PyEval_GetGlobals());

	(void)self;
	ck_assert_msg(!PyErr_Occurred(), "an exception is left set");
	if (!meta)
		Py_RETURN_NONE;
	ck_assert_ptr_eq(codetable_find(&table, code), meta);
	return Py_BuildValue("(ssssi)", meta->name, meta->file, meta->qualname,
			     meta->module, (int)meta->own);
}

static PyObject *add_id(PyObject *self, PyObject *code)
{
	(void)self;
	return id_or_none(codetable_add(&table, code, PyEval_GetGlobals()));
}

static PyObject *find(PyObject *self, PyObject *code)
{
	(void)self;
	return id_or_none(codetable_find(&table, code));
}

static PyObject *line_of(PyObject *self, PyObject *code)
{
	(void)self;
	return PyLong_FromLong(codetable_find(&table, code)->line);
}

static size_t listed;

static void count_one(struct codelink *link)
{
	(void)link;
	listed++;
}

static PyObject *count(PyObject *self, PyObject *unused)
{
	(void)self;
	(void)unused;
	listed = 0;
	codelist_walk(count_one);
	return PyLong_FromSize_t(listed);
}

static PyObject *hash(PyObject *self, PyObject *code)
{
	(void)self;
	return PyLong_FromSize_t(objtable_hash(code));
}

static PyObject *clear(PyObject *self, PyObject *unused)
{
	(void)self;
	(void)unused;
	codetable_clear(&table);
	Py_RETURN_NONE;
}

static size_t keys_seen;

int __real_PyDict_Next(PyObject *dict, Py_ssize_t *position, PyObject **key,
		       PyObject **value);
int __wrap_PyDict_Next(PyObject *dict, Py_ssize_t *position, PyObject **key,
		       PyObject **value)
{
	keys_seen++;
	return __real_PyDict_Next(dict, position, key, value);
}

/* Returns: how many keys were looked at to make the metadata, and the module's name. */
static PyObject *keys_for(PyObject *self, PyObject *arguments)
{
	const struct codemeta *meta;
	PyObject *code, *globals;

	(void)self;
	if (!PyArg_ParseTuple(arguments, "OO", &code, &globals))
		return NULL;
	keys_seen = 0;
	meta = codetable_add(&table, code, globals);
	ck_assert_ptr_nonnull(meta);
	ck_assert(!PyErr_Occurred());
	return Py_BuildValue("(ns)", (Py_ssize_t)keys_seen, meta->module);
}

static PyMethodDef functions[] = {
	{"keys_for", keys_for, METH_VARARGS, NULL},
	{"add", add, METH_O, NULL},
	{"add_id", add_id, METH_O, NULL},
	{"find", find, METH_O, NULL},
	{"line_of", line_of, METH_O, NULL},
	{"count", count, METH_NOARGS, NULL},
	{"hash_of", hash, METH_O, NULL},
	{"clear", clear, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static void setup(void)
{
	PyObject *main_module;

	python_start();
	main_module = PyImport_AddModule("__main__");
	ck_assert_int_eq(PyModule_AddFunctions(main_module, functions), 0);
	closure_type = closure_type_new();
	ck_assert_ptr_nonnull(closure_type);
	codetable_init(&table, closure_type);
	py_exec("def same(got, want): assert got == want, (got, want)\n"
		"def new(name='f'):\n"
		"    return compile('def %s(): pass' % name, '<string>',\n"
		"        'exec').co_consts[0]\n");
}

static void teardown(void)
{
	codetable_clear(&table);
	Py_DECREF((PyObject *)closure_type);
	python_stop();
}

START_TEST(what_it_tells)
{
	py_exec("class C:\n\n  def m(self): pass\n"
		"m = C.m.__code__.replace(co_filename='dir/file.py')\n"
		"same(add(m), ('m', 'dir/file.py', 'C.m', '__main__', 0))\n"
		"same(line_of(m), 3)\n"
		"f = new()\n"
		"same(add(f), ('f', '<string>', 'f', '__main__', 0))\n"
		"same(find(f.replace()), None)\n");
}
END_TEST

START_TEST(first_lines)
{
	py_exec("for line in (0, 1, 2**31 - 1):\n"
		"    c = new().replace(co_firstlineno=line)\n"
		"    assert add(c)\n"
		"    same(line_of(c), line)\n");
}
END_TEST

START_TEST(gone_with_the_code)
{
	py_exec("for i in range(100):\n"
		"    c = new()\n"
		"    assert find(c) is None\n"
		"    assert add(c)\n"
		"    same(count(), 1)\n"
		"    del c\n"
		"    same(count(), 0)\n");
}
END_TEST

START_TEST(gone_with_a_collected_cycle)
{
	py_run("codemeta/gone_with_a_collected_cycle.py");
}
END_TEST

START_TEST(ids_are_never_used_again)
{
	py_run("codemeta/ids_are_never_used_again.py");
}
END_TEST

START_TEST(ten_thousand)
{
	py_run("codemeta/ten_thousand.py");
}
END_TEST

START_TEST(equal_code_is_not_the_same_code)
{
	py_exec("a, b = new(), new()\n"
		"assert a == b and a is not b\n"
		"ids = add_id(a), add_id(b)\n"
		"same(count(), 2)\n"
		"assert ids[0] != ids[1]\n"
		"same((find(a), find(b)), ids)\n"
		"del a\n"
		"same(count(), 1)\n"
		"same(find(b), ids[1])\n");
}
END_TEST

/* All of one home slot, or of two neighbours, taken out in every order. */
START_TEST(deleting_keeps_the_others_findable)
{
	py_run("codemeta/deleting_keeps_the_others_findable.py");
}
END_TEST

START_TEST(random_births_and_deaths)
{
	py_run("codemeta/random_births_and_deaths.py");
}
END_TEST

START_TEST(odd_names)
{
	py_run("codemeta/odd_names.py");
}
END_TEST

START_TEST(no_code_objects)
{
	py_run("codemeta/no_code_objects.py");
}
END_TEST

/* The module is that of the globals of the frame that runs. */
START_TEST(modules)
{
	py_run("codemeta/modules.py");
}
END_TEST

/* Each first event asks for names that may not be there: not by looking at all of them.
 */
START_TEST(modules_with_many_names)
{
	py_run("codemeta/modules_with_many_names.py");
}
END_TEST

/* A key of the user that has the same hash is asked by CPython's own look-up. */
START_TEST(hostile_keys_among_many)
{
	py_run("codemeta/hostile_keys_among_many.py");
}
END_TEST

START_TEST(own_package)
{
	py_run("codemeta/own_package.py");
}
END_TEST

START_TEST(cleared_and_used_again)
{
	py_run("codemeta/cleared_and_used_again.py");
}
END_TEST

/* A program can get at our weak references, and keep them. */
/* A program can get at our weak references, and keep them. */
START_TEST(weak_references_kept_by_the_program)
{
	py_run("codemeta/weak_references_kept_by_the_program.py");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("codemeta");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_it_tells);
	tcase_add_test(tcase, first_lines);
	tcase_add_test(tcase, gone_with_the_code);
	tcase_add_test(tcase, gone_with_a_collected_cycle);
	tcase_add_test(tcase, ids_are_never_used_again);
	tcase_add_test(tcase, ten_thousand);
	tcase_add_test(tcase, equal_code_is_not_the_same_code);
	tcase_add_test(tcase, deleting_keeps_the_others_findable);
	tcase_add_test(tcase, random_births_and_deaths);
	tcase_add_test(tcase, odd_names);
	tcase_add_test(tcase, no_code_objects);
	tcase_add_test(tcase, modules);
	tcase_add_test(tcase, modules_with_many_names);
	tcase_add_test(tcase, hostile_keys_among_many);
	tcase_add_test(tcase, own_package);
	tcase_add_test(tcase, cleared_and_used_again);
	tcase_add_test(tcase, weak_references_kept_by_the_program);
	return support_main("codemeta", tcase);
}
