// SPDX-License-Identifier: BSD-2-Clause
/* Patterns against Python's own fnmatch, and those that are refused. */
#include <stdlib.h>
#include <string.h>

#include "code/glob.h"
#include "support.h"

/* Of exact size, for the sanitisers to see. */
static PyObject *match(PyObject *module, PyObject *arguments)
{
	const char *pattern, *text;
	char *copies[2];
	bool matches;

	(void)module;
	if (!PyArg_ParseTuple(arguments, "yy", &pattern, &text))
		return NULL;
	copies[0] = strdup(pattern);
	copies[1] = strdup(text);
	matches = glob_match(copies[0], copies[1]);
	free(copies[0]);
	free(copies[1]);
	return PyBool_FromLong(matches);
}

static PyObject *check(PyObject *module, PyObject *pattern)
{
	char *copy = strdup(PyBytes_AsString(pattern));
	const char *error = glob_check(copy);

	(void)module;
	free(copy);
	return Py_BuildValue("z", error);
}

static PyMethodDef methods[] = {
	{"match", match, METH_VARARGS, NULL},
	{"check", check, METH_O, NULL},
	{NULL, NULL, 0, NULL},
};

static void setup(void)
{
	python_start_bare();
	ck_assert_int_eq(PyModule_AddFunctions(PyImport_AddModule("core"), methods), 0);
	py_run("glob/setup.py");
}

static void teardown(void)
{
	python_stop();
}

START_TEST(all_short_patterns)
{
	py_exec("compare(20_000, strings('ab*?', 4), strings('ab', 5))");
}
END_TEST

START_TEST(all_short_sets)
{
	py_exec("def sets(): return ('[' + s + ']' for s in strings('ac!]-', 4))\n"
		"compare(3000, sets(), 'abc!]-[^')\n"
		"compare(30_000, (s + '*' + s for s in sets()), strings('b-!]', 3))\n");
}
END_TEST

START_TEST(patterns_as_in_names)
{
	py_exec("words = ['a', 'b', '.', '/', '*', '?', '[a-c]', '[!b]', '[.]', '**',\n"
		"    'ab', '_']\n"
		"compare(100_000, some(words, 4000, 8), some('ab./_', 40, 12))\n");
}
END_TEST

START_TEST(all_of_unicode)
{
	py_exec("letters = 'aé\\u07ff\\u0800€\\ud7ff\\ue000\\uffff😀\\U0010ffff'\n"
		"words = [*letters, '*', '?', '[é-€]', '[!😀]', '[€-\\U0010ffff]', "
		"'[]é]']\n"
		"compare(100_000, some(words, 4000, 6), some(letters, 40, 6))\n"
		"sets = ['[é-€]', '[!é-€]', '[é€]', '[a-😀]', '?', '[\\u0800-\\uffff]']\n"
		"points = set(range(1, 0x110000, 7)) - set(range(0xd800, 0xe000))\n"
		"compare(100_000, sets, map(chr, points))\n");
}
END_TEST

/* Set operations, escapes and classes of regular expressions are nothing special. */
START_TEST(signs_of_regular_expressions)
{
	py_exec("signs = '\\\\^$.|+(){}&~#-[]!\\n '\n"
		"texts = [*signs, '\\\\a', '[[', '||', '']\n"
		"compare(40_000, some(signs + '*?a', 5000, 6), texts)\n"
		"compare(20_000, (f'[{s}]' for s in some(signs, 5000, 5)), texts)\n");
}
END_TEST

START_TEST(sets_by_example)
{
	py_run("glob/sets_by_example.py");
}
END_TEST

START_TEST(refused)
{
	py_run("glob/refused.py");
}
END_TEST

/* What a refused pattern does is not promised, but it ends. */
START_TEST(refused_ones_are_harmless)
{
	py_exec("count = 0\n"
		"for pattern in some('[]!-a*?é\\udcff', 20_000, 9):\n"
		"    if check(pattern) is not None:\n"
		"        count += 1\n"
		"        for text in ('', 'a', '[a', 'é]-!'):\n"
		"            core.match(encoded(pattern), encoded(text))\n"
		"assert count > 1000, count\n");
}
END_TEST

/* Bytes that are no UTF-8: odd ones, cut, overlong, surrogates, beyond Unicode. */
START_TEST(odd_bytes)
{
	py_run("glob/odd_bytes.py");
}
END_TEST

/* Of exponential cost where each "*" is tried anew. */
START_TEST(many_stars)
{
	py_exec("assert not core.match(b'*a' * 500 + b'b', b'a' * 5000)\n"
		"assert core.match(b'*a' * 500, b'a' * 5000)\n"
		"assert core.match(b'*' * 5000, b'')\n");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("glob");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, all_short_patterns);
	tcase_add_test(tcase, all_short_sets);
	tcase_add_test(tcase, patterns_as_in_names);
	tcase_add_test(tcase, all_of_unicode);
	tcase_add_test(tcase, signs_of_regular_expressions);
	tcase_add_test(tcase, sets_by_example);
	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, refused_ones_are_harmless);
	tcase_add_test(tcase, odd_bytes);
	tcase_add_test(tcase, many_stars);
	return support_main("glob", tcase);
}
