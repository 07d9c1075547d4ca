// SPDX-License-Identifier: BSD-2-Clause
/* The names of C functions and classes that are kept: the right ones, for as long as due.
 */
#include <string.h>

#include "base/closure.h"
#include "support.h"
#include "value/callable_names.h"
#include "value/format.h"

static struct callable_names table;
static PyTypeObject *closure_type;

/* (what is kept, what the formatter says) */
static PyObject *both(PyObject *self, PyObject *object)
{
	char buffer[FORMAT_MAX];
	const char *kept = callable_names_get(&table, object, FORMAT_MAX);

	(void)self;
	ck_assert_msg(!PyErr_Occurred(), "an exception is left set");
	return Py_BuildValue("(ss)", kept,
			     format_callable(buffer, sizeof(buffer), object));
}

static PyObject *fits(PyObject *self, PyObject *args)
{
	PyObject *object;
	int size;

	(void)self;
	if (!PyArg_ParseTuple(args, "Oi", &object, &size))
		return NULL;
	return PyBool_FromLong(callable_names_get(&table, object, (size_t)size) != NULL);
}

static PyObject *count(PyObject *self, PyObject *unused)
{
	(void)self;
	(void)unused;
	return PyLong_FromSize_t(table.names.count);
}

static PyObject *clear(PyObject *self, PyObject *unused)
{
	(void)self;
	(void)unused;
	callable_names_clear(&table);
	Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
	{"both", both, METH_O, NULL},
	{"fits", fits, METH_VARARGS, NULL},
	{"count", count, METH_NOARGS, NULL},
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
	callable_names_init(&table, closure_type);
	py_exec("import gc\n"
		"def same(got, want): assert got == want, (got, want)\n"
		"def kept(what, name):\n"
		"    for i in range(3): same(both(what), (name, name))\n");
}

static void teardown(void)
{
	callable_names_clear(&table);
	Py_DECREF((PyObject *)closure_type);
	python_stop();
}

START_TEST(kinds_that_are_kept)
{
	py_run("callnames/kinds_that_are_kept.py");
}
END_TEST

START_TEST(kinds_that_are_not)
{
	py_exec("import functools\n"
		"for other in ([].append, 'x'.join, functools.partial(len), 7,\n"
		"              dict.fromkeys, lambda: 0):\n"
		"    for i in range(3): assert both(other)[0] is None\n"
		"same(count(), 0)\n");
}
END_TEST

START_TEST(a_class_that_is_renamed)
{
	py_exec("class C: pass\n"
		"kept(C, '__main__.C')\n"
		"C.__qualname__ = 'D'\n"
		"same(both(C), (None, '__main__.D'))\n"
		"C.__module__ = 'elsewhere'\n"
		"same(both(C), (None, 'elsewhere.D'))\n"
		"C.__module__, C.__qualname__ = '__main__', 'C'\n"
		"same(both(C)[1], '__main__.C')\n"
		"assert both(C)[0] in (None, '__main__.C')\n");
}
END_TEST

/* A program that makes classes for ever does not grow, and no name is another's. */
START_TEST(gone_with_the_class)
{
	py_exec("for i in range(300):\n"
		"    c = type('C%d' % (i % 7), (), {'__module__': 'm%d' % (i % 5)})\n"
		"    kept(c, 'm%d.C%d' % (i % 5, i % 7))\n"
		"    same(count(), 1)\n"
		"    del c\n"
		"    gc.collect()\n"
		"    same(count(), 0)\n");
}
END_TEST

START_TEST(as_long_as_it_fits)
{
	py_exec("name = 'builtins.len'\n"
		"assert fits(len, len(name) + 1)\n"
		"assert not fits(len, len(name))\n"
		"assert not fits(len, 1)\n"
		"long = type('x' * 10_000, (), {})\n"
		"assert both(long)[0].endswith('...')\n");
}
END_TEST

START_TEST(cleared_and_used_again)
{
	py_exec("for i in range(3):\n"
		"    class C: pass\n"
		"    kept(C, '__main__.C')\n"
		"    kept(len, 'builtins.len')\n"
		"    same(count(), 2)\n"
		"    clear()\n"
		"    same(count(), 0)\n"
		"    del C\n"
		"    gc.collect()\n");
}
END_TEST

/* None of it runs code of the class or of its metaclass. */
START_TEST(no_code_of_the_program)
{
	py_run("callnames/no_code_of_the_program.py");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("callable_names");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, kinds_that_are_kept);
	tcase_add_test(tcase, kinds_that_are_not);
	tcase_add_test(tcase, a_class_that_is_renamed);
	tcase_add_test(tcase, gone_with_the_class);
	tcase_add_test(tcase, as_long_as_it_fits);
	tcase_add_test(tcase, cleared_and_used_again);
	tcase_add_test(tcase, no_code_of_the_program);
	return support_main("callable_names", tcase);
}
