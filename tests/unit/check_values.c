// SPDX-License-Identifier: BSD-2-Clause
/* Values of every kind as text: what is shown, where it ends, and whose code runs. */
#include <string.h>
#include <sys/mman.h>

#include "support.h"
#include "value/format.h"

typedef const char *format_fn(char *buffer, size_t size, PyObject *object);

static const struct {
	const char *name;
	format_fn *function;
} formats[] = {
	{"value", format_value},
	{"callable", format_callable},
	{"exception", format_exception},
	{"repr", format_repr},
};

static format_fn *format_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return formats[i].function;
	ck_abort_msg("no format %s", name);
}

/* Returns: a buffer that a fault follows. */
static char *guarded(size_t size)
{
	static char *pages;

	if (!pages) {
		pages = mmap(NULL, 2 * FORMAT_MAX, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ck_assert_ptr_ne(pages, MAP_FAILED);
		ck_assert_int_eq(mprotect(pages + FORMAT_MAX, FORMAT_MAX, PROT_NONE), 0);
	}
	memset(pages, 0xff, FORMAT_MAX);
	return pages + FORMAT_MAX - size;
}

/* format(name, object, size) */
static PyObject *format(PyObject *module, PyObject *arguments)
{
	const char *name;
	PyObject *object;
	Py_ssize_t size;
	const char *text;
	char *buffer;

	(void)module;
	if (!PyArg_ParseTuple(arguments, "sOn", &name, &object, &size))
		return NULL;
	buffer = guarded((size_t)size);
	text = format_of(name)(buffer, (size_t)size, object);
	/* The guard page ends what begins within the buffer. */
	ck_assert_uint_lt(strlen(text), (size_t)size);
	ck_assert_msg(!PyErr_Occurred(), "an exception is left set");
	/* Strict: half a character is an error. */
	return PyUnicode_FromString(text);
}

static PyObject *values(PyObject *module, PyObject *how)
{
	(void)module;
	set_options(0, (int)PyLong_AsLong(how), 256, -1);
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{"format", format, METH_VARARGS, NULL},
	{"values", values, METH_O, NULL},
	{NULL, NULL, 0, NULL},
};

static void setup(void)
{
	python_start();
	ck_assert_int_eq(PyModule_AddFunctions(PyImport_AddModule("core"), methods), 0);
	py_run("values/setup.py");
}

static void teardown(void)
{
	python_stop();
}

START_TEST(containers_like_repr)
{
	py_run("values/containers_like_repr.py");
}
END_TEST

START_TEST(the_first_items)
{
	py_run("values/the_first_items.py");
}
END_TEST

START_TEST(containers_within)
{
	py_run("values/containers_within.py");
}
END_TEST

/* One of them does not take all the room. */
START_TEST(long_items)
{
	py_exec("for o in ('x' * 100, b'x' * 100, 'ü' * 100, '\\n' * 100):\n"
		"    part = repr(o).encode()[:60].decode(errors='ignore') + '...'\n"
		"    same(value([o, 1]), f'[{part}, 1]')\n"
		"    same(value({o: o}), f'{{{part}: {part}}}')\n"
		"    same(value({o}), f'{{{part}}}')\n"
		"same(value([10**63, 1 << 5000]),\n"
		"     '[' + '1' + '0' * 59 + '..., <int of 5001 bits>]')\n"
		"for o in ('x' * 61, b'x' * 60, 10**62): same(value([o]), repr([o]))\n");
}
END_TEST

START_TEST(other_items)
{
	py_exec("import functools\n"
		"class C:\n"
		"    def m(self): pass\n"
		"c = C()\n"
		"same(value([C, c.m, len, c]),\n"
		"    f'[__main__.C, __main__.C.m, builtins.len, {address(c)}]')\n"
		"same(value({C: len}), '{__main__.C: builtins.len}')\n"
		"same(value((functools.partial(len),)),\n"
		"    '(functools.partial(builtins.len),)')\n");
}
END_TEST

/* What a class makes of a container is its own affair. */
START_TEST(only_the_very_containers)
{
	py_run("values/only_the_very_containers.py");
}
END_TEST

START_TEST(partials)
{
	py_run("values/partials.py");
}
END_TEST

/* What only looks like one may do anything when it is asked. */
START_TEST(no_partials)
{
	py_run("values/no_partials.py");
}
END_TEST

/* One in the other, without an end: the stack has one. */
START_TEST(partials_and_methods_of_each_other)
{
	py_exec("import functools, types\n"
		"o = len\n"
		"for i in range(100_000):\n"
		"    o = functools.partial(types.MethodType(o, i))\n"
		"same(value(o), 'functools.partial(...)')\n"
		"same(callable_(o.func), 'functools.partial(...)')\n"
		/* Taking it apart recursively is CPython's trouble, not ours. */
		"while o is not len: o = o.func.__func__\n");
}
END_TEST

START_TEST(no_references_are_kept)
{
	py_run("values/no_references_are_kept.py");
}
END_TEST

/* Whatever the size, the text is within, whole characters, and says that it was cut. */
START_TEST(every_size)
{
	py_run("values/every_size.py");
}
END_TEST

START_TEST(huge_ones)
{
	py_run("values/huge_ones.py");
}
END_TEST

/* Names that a program has given itself. */
START_TEST(odd_names)
{
	py_run("values/odd_names.py");
}
END_TEST

/* As untraced, where a program asks its own objects. */
START_TEST(nothing_of_the_program_is_run)
{
	py_run("values/hostile.py");
	py_run("values/nothing_of_the_program_is_run.py");
}
END_TEST

START_TEST(shown_by_repr)
{
	py_run("values/by_repr.py");
	py_run("values/shown_by_repr.py");
}
END_TEST

/* Nothing of it gets into the program, which goes on. */
START_TEST(repr_that_fails)
{
	py_run("values/by_repr.py");
	py_run("values/repr_that_fails.py");
}
END_TEST

START_TEST(repr_that_does_things)
{
	py_run("values/by_repr.py");
	py_run("values/repr_that_does_things.py");
}
END_TEST

/* The names of the code that runs are gone then. */
static const char *const disarming[] = {
	"core.disable()",
	"core.disable(); core.values(SAFE)",
	"core.values(SAFE); core.disable()",
	"core.disable(); core.values(0)",
};

START_TEST(repr_that_disarms)
{
	py_run("values/by_repr.py");
	ck_assert_int_eq(PyModule_AddStringConstant(PyImport_AddModule("__main__"),
						    "what", disarming[_i]),
			 0);
	py_run("values/repr_that_disarms.py");
}
END_TEST

/* Armed again in between: the code is not known any more, and so is not told. */
START_TEST(repr_that_arms_again)
{
	py_run("values/by_repr.py");
	py_exec("def again():\n"
		"    core.disable()\n"
		"    core.enable(core.ALL)\n"
		"    returns(1)\n"
		"    core.clear()\n"
		"    return 'text'\n"
		"for i in range(100): same(shown(C(again)), [])\n");
}
END_TEST

/* Ctrl-C is the program's, wherever it strikes. */
START_TEST(interrupted_repr)
{
	py_run("values/by_repr.py");
	py_run("values/interrupted_repr.py");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("values");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, containers_like_repr);
	tcase_add_test(tcase, the_first_items);
	tcase_add_test(tcase, containers_within);
	tcase_add_test(tcase, long_items);
	tcase_add_test(tcase, other_items);
	tcase_add_test(tcase, only_the_very_containers);
	tcase_add_test(tcase, partials);
	tcase_add_test(tcase, no_partials);
	tcase_add_test(tcase, partials_and_methods_of_each_other);
	tcase_add_test(tcase, no_references_are_kept);
	tcase_add_test(tcase, every_size);
	tcase_add_test(tcase, huge_ones);
	tcase_add_test(tcase, odd_names);
	tcase_add_test(tcase, nothing_of_the_program_is_run);
	tcase_add_test(tcase, shown_by_repr);
	tcase_add_test(tcase, repr_that_fails);
	tcase_add_test(tcase, repr_that_does_things);
	tcase_add_loop_test(tcase, repr_that_disarms, 0, ARRAY_SIZE(disarming));
	tcase_add_test(tcase, repr_that_arms_again);
	tcase_add_test(tcase, interrupted_repr);
	return support_main("values", tcase);
}
