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
	py_exec("from fnmatch import fnmatchcase\n"
		"from itertools import product\n"
		"from random import Random\n"
		"random = Random(1)\n"
		/* A byte that is no UTF-8 is a character of its own, as here. */
		"def encoded(text): return text.encode('utf-8', 'surrogateescape')\n"
		"def check(pattern): return core.check(encoded(pattern))\n"
		"def agree(pattern, text):\n"
		"    got = core.match(encoded(pattern), encoded(text))\n"
		"    assert got is fnmatchcase(text, pattern), (pattern, text, got)\n"
		"    return got\n"
		"def strings(alphabet, longest):\n"
		"    for length in range(longest + 1):\n"
		"        yield from map(''.join, product(alphabet, repeat=length))\n"
		"def some(alphabet, count, longest):\n"
		"    for _ in range(count):\n"
		"        length = random.randrange(longest)\n"
		"        yield ''.join(random.choices(alphabet, k=length))\n"
		"def compare(least, patterns, texts):\n"
		"    texts = list(texts)\n"
		"    taken = [p for p in patterns if check(p) is None]\n"
		"    results = [agree(p, t) for p in taken for t in texts]\n"
		/* Neither all refused nor all the same. */
		"    assert len(results) > least, len(results)\n"
		"    assert least // 100 < sum(results) < len(results) * 0.9\n");
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
	py_exec("for pattern, yes, no in (\n"
		"        ('[]a]', ']a', '[b'),\n"
		"        ('[!]a]', '[b!', ']a'),\n"
		"        ('[a-]', 'a-', 'b]'),\n"
		"        ('[-a]', 'a-', 'b]'),\n"
		"        ('[a-c-e]', 'abc-e', 'd'),\n"
		"        ('[!a-c]', 'd!-', 'abc'),\n"
		"        ('[^a]', '^a', 'b'),\n"
		"        ('[a!]', 'a!', 'b'),\n"
		"        ('[[]', '[', ']'),\n"
		"        ('[*?]', '*?', 'a'),\n"
		"        ('[--/]', '-./', '0'),\n"
		"        ('[]-a]', ']^_`a', '[b'),\n"
		"        ('[ü-ö]', '', 'ü')):\n"
		"    for text in yes + no:\n"
		"        got = core.match(encoded(pattern), encoded(text))\n"
		"        assert got is (text in yes), (pattern, text)\n"
		"        if check(pattern) is None: agree(pattern, text)\n");
}
END_TEST

START_TEST(refused)
{
	py_exec("unclosed, order = '[ without ]', 'range that ends before it begins'\n"
		"for pattern, error in (\n"
		"        ('', 'empty'),\n"
		"        ('[', unclosed), ('a[', unclosed), ('[]', unclosed),\n"
		"        ('[!', unclosed), ('[!]', unclosed), ('[a]*[', unclosed),\n"
		"        ('[[]x[', unclosed), ('[a', unclosed),\n"
		"        ('[z-a]', order), ('[!z-a]', order), ('a[b-a]c', order),\n"
		"        ('[é-a]', order), ('[😀-€]', order), ('[a-cz-x]', order),\n"
		"        ('[a--]', order), ('*[a][b-a]', order),\n"
		"        ('*', None), (']', None), ('a]', None), ('[]]', None),\n"
		"        ('[!]]', None), ('[a-a]', None), ('[a-]', None), ('-', None),\n"
		"        ('[-]', None), ('[!!]', None), ('[--]', None), ('z-a', None),\n"
		"        ('[a-é]', None), ('[€-😀]', None), ('[z][a]', None)):\n"
		"    assert check(pattern) == error, (pattern, check(pattern))\n");
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
	py_exec("def text_of(data): return data.decode('utf-8', 'surrogateescape')\n"
		"odd = [b'\\x80', b'\\xff', b'\\xc3', b'\\xe2\\x82', b'\\xfe', "
		"b'\\xf0\\x9f\\x98',\n"
		"    b'\\xc0\\x80', b'\\xc1\\xbf', b'\\xe0\\x9f\\xbf', "
		"b'\\xed\\xa0\\x80',\n"
		"    b'\\xed\\xbf\\xbf', b'\\xf0\\x8f\\xbf\\xbf', "
		"b'\\xf4\\x90\\x80\\x80',\n"
		"    b'\\xf8\\x88\\x80\\x80\\x80']\n"
		"texts = [text_of(data) for data in odd]\n"
		"for text in texts: assert agree(text, text)\n"
		"pieces = texts + list('aé€*?') + ['[!a]', '[aé]']\n"
		"compare(100_000, some(pieces, 3000, 6), some([*texts, *'aé€'], 60, 5))\n"
		"for text in texts:\n"
		"    agree('?' * len(text), text)\n"
		"    agree('?' * (len(text) - 1), text)\n"
		"    agree('*' + text[-1], text)\n"
		"    assert core.match(b'[!a]' * len(text), encoded(text))\n");
	py_exec("for n in range(0x80, 0x100):\n"
		"    byte, char = bytes([n]), chr(n).encode()\n"
		"    assert core.match(byte, byte) and not core.match(byte, char)\n"
		"    assert not core.match(char, byte)\n"
		"    assert not core.match(b'[a-\\xf4\\x8f\\xbf\\xbf]', byte)\n"
		"    assert core.match(b'[' + byte + b']', byte)\n");
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
