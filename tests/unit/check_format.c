// SPDX-License-Identifier: BSD-2-Clause
/* Objects as text, and that no code of the program runs for it. */
#include <limits.h>

#include "support.h"
#include "value/format.h"

static void setup(void)
{
	python_start();
	py_exec("def value(object, size=256): return core.format_value(object, size)\n"
		"def callable_(object, size=256): return core.format_callable(object,\n"
		"    size)\n"
		"def exception(object, size=256):\n"
		"    return core.format_exception(object, size)\n"
		"def same(got, want): assert got == want, (got, want)\n");
}

static void teardown(void)
{
	python_stop();
}

START_TEST(singletons)
{
	py_exec("same(value(None), 'None')\n"
		"same(value(True), 'True')\n"
		"same(value(False), 'False')\n"
		"text = value(NotImplemented)\n"
		"assert text.startswith('<builtins.NotImplementedType at 0x'), text\n");
}
END_TEST

START_TEST(small_ints)
{
	py_exec("import struct\n"
		"bits = 8 * struct.calcsize('l') - 1\n"
		"for n in (0, 1, -1, 9, 10, -10, 2**30, -2**30, 2**bits - 1, -2**bits):\n"
		"    same(value(n), repr(n))\n");
}
END_TEST

START_TEST(big_ints)
{
	py_exec("for n in (2**63, -2**63 - 1, 2**64, 10**100, -10**100, 10**254,\n"
		"    10**4000):\n"
		"    same(value(n, 4096), repr(n))\n"
		"same(value(10**254), repr(10**254))\n"
		"same(value(10**255), repr(10**255)[:252] + '...')\n"
		"same(value(-10**254), repr(-10**254)[:252] + '...')\n");
}
END_TEST

START_TEST(huge_ints)
{
	py_exec("same(value(1 << 99999), '<int of 100000 bits>')\n"
		"same(value(-1 << 99999), '<int of 100000 bits>')\n"
		"same(value(1 << 10**8), '<int of 100000001 bits>')\n"
		"same(value(1 << 99999, 16), '<int of 1000...')\n"
		/* Within the buffer, but over CPython's own limit of 4300 digits. */
		"same(value(1 << 14999, 4096), '<int of 15000 bits>')\n");
}
END_TEST

START_TEST(ints_under_a_lowered_digit_limit)
{
	py_exec("sys.set_int_max_str_digits(640)\n"
		"n = 10**1000\n"
		"same(value(n, 4096), '<int of %d bits>' % n.bit_length())\n"
		"same(value(10**600, 4096), '1' + '0' * 600)\n"
		"sys.set_int_max_str_digits(0)\n"
		"same(value(n, 4096), repr(n))\n");
}
END_TEST

START_TEST(floats)
{
	py_exec("import math\n"
		"same(value(math.nan), 'nan')\n"
		"same(value(math.inf), 'inf')\n"
		"same(value(-math.inf), '-inf')\n"
		"same(value(-0.0), '-0.0')\n"
		"for f in (0.0, 1.0, 1e300, -1e300, 1e16, 1e15, 0.1, 1/3, math.pi,\n"
		"    5e-324,\n"
		"          1.7976931348623157e308, 1e-7, 123456789.123456789):\n"
		"    same(value(f), repr(f))\n");
}
END_TEST

START_TEST(strings)
{
	py_exec("for s in ('', 'a', \"it's\", '\"', '''both ' and \" ''', '\\\\',\n"
		"    '\\n\\t\\r\\0',\n"
		"          '\\x7f', '\\x80', '\\xa0', 'é€🐍', '\\u200b', '\\u2028',\n"
		"              '\\U000e0001',\n"
		"          '\\ud800', 'a\\udc80b', '\\udfff\\ud800', 'x' * 253):\n"
		"    same(value(s), repr(s))\n");
}
END_TEST

START_TEST(bytes_objects)
{
	py_exec("for b in (b'', b'a', b\"it's\", b'\"', b'''both ' and \" ''', b'\\\\',\n"
		"    b'\\0\\n\\xff',\n"
		"          bytes(range(60))):\n"
		"    same(value(b), repr(b))\n"
		"same(value(b'x' * 252), repr(b'x' * 252))\n"
		"same(value(b'x' * 253), repr(b'x' * 253)[:252] + '...')\n");
}
END_TEST

START_TEST(long_strings)
{
	py_exec("same(value('x' * 254), repr('x' * 254)[:252] + '...')\n"
		"same(value('x' * 10_000_000), \"'\" + 'x' * 251 + '...')\n"
		"same(value(b'x' * 10_000_000), \"b'\" + 'x' * 250 + '...')\n"
		"same(value('\\0' * 10_000_000, 16), \"'\" + '\\\\x00' * 2 +\n"
		"    '\\\\x0...')\n"
		"same(value('é' * 10_000_000, 16), \"'\" + 'é' * 5 + '...')\n"
		"same(value('🐍' * 10_000_000, 16), \"'\" + '🐍' * 2 + '...')\n");
}
END_TEST

/* Every size against every length: what does not fit is the longest that does. */
START_TEST(strings_are_cut_between_characters)
{
	py_run("format/strings_are_cut_between_characters.py");
}
END_TEST

START_TEST(like_repr_below_the_limit)
{
	py_run("format/like_repr_below_the_limit.py");
}
END_TEST

START_TEST(instances)
{
	py_run("format/instances.py");
}
END_TEST

START_TEST(callables)
{
	py_run("format/callables.py");
}
END_TEST

/* format_callable() is given whatever is called: never shown as a value. */
START_TEST(what_is_called_is_no_value)
{
	py_exec("for o in (None, True, 7, 1.5, 'text', b'bytes'):\n"
		"    t = type(o)\n"
		"    same(callable_(o), '<builtins.%s at %#x>' % (t.__qualname__,\n"
		"        id(o)))\n");
}
END_TEST

START_TEST(methods_of_anything)
{
	py_run("format/methods_of_anything.py");
}
END_TEST

START_TEST(hostile_objects)
{
	py_run("format/hostile.py");
	py_run("format/hostile_objects.py");
}
END_TEST

START_TEST(subclasses_of_builtins_are_not_values)
{
	py_run("format/hostile.py");
	py_exec("for base in (int, str, float, bytes):\n"
		"    T = type('T', (base,), {'__repr__': trap('repr'), '__str__':\n"
		"        trap('str')})\n"
		"    o = T()\n"
		"    same(value(o), '<__main__.T at %#x>' % id(o))\n"
		"import enum\n"
		"class E(enum.IntEnum): A = 1\n"
		"same(value(E.A), '<__main__.E at %#x>' % id(E.A))\n"
		"assert not ran, ran\n");
}
END_TEST

START_TEST(odd_modules)
{
	py_run("format/hostile.py");
	py_run("format/odd_modules.py");
}
END_TEST

START_TEST(odd_names)
{
	py_run("format/odd_names.py");
}
END_TEST

START_TEST(hostile_keys_in_namespaces)
{
	py_run("format/hostile.py");
	py_run("format/hostile_keys_in_namespaces.py");
}
END_TEST

START_TEST(builtins_of_hostile_owners)
{
	py_run("format/hostile.py");
	py_run("format/builtins_of_hostile_owners.py");
}
END_TEST

START_TEST(exceptions)
{
	py_run("format/exceptions.py");
}
END_TEST

/* A line of a tracer is one line. */
START_TEST(messages_of_several_lines)
{
	py_exec("for text in ('a\\nb', '\\n', 'tab\\t', '\\0', '\\x1b[0m', '\\r', "
		"'\\x85',\n"
		"    '\\u2028', '\\ud800', \"it's\\n\", 'say \"it\\'s\"\\n', '\\\\\\n', "
		"'é\\n€'):\n"
		"    got = exception(ValueError(text))\n"
		"    same(got, 'ValueError: ' + repr(text)[1:-1])\n"
		"    assert got.isprintable()\n"
		"    same(exception(OSError(1, text)),\n"
		"         'PermissionError: [Errno 1] ' + repr(text)[1:-1])\n");
}
END_TEST

START_TEST(long_messages)
{
	py_run("format/long_messages.py");
}
END_TEST

/* Every size of buffer against every place where it can end. */
START_TEST(exceptions_in_every_buffer)
{
	py_run("format/exceptions_in_every_buffer.py");
}
END_TEST

/* The class is that of the object, whatever it says, and nothing of it is asked. */
START_TEST(hostile_exceptions)
{
	py_run("format/hostile.py");
	py_run("format/hostile_exceptions.py");
}
END_TEST

/* An object that is not raised, as another caller of our callbacks may pass. */
START_TEST(what_is_no_exception)
{
	py_run("format/what_is_no_exception.py");
}
END_TEST

START_TEST(smallest_buffer)
{
	py_run("format/smallest_buffer.py");
}
END_TEST

START_TEST(formatting_leaves_no_references)
{
	py_run("format/formatting_leaves_no_references.py");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("format");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, singletons);
	tcase_add_test(tcase, small_ints);
	tcase_add_test(tcase, big_ints);
	tcase_add_test(tcase, huge_ints);
	tcase_add_test(tcase, ints_under_a_lowered_digit_limit);
	tcase_add_test(tcase, floats);
	tcase_add_test(tcase, strings);
	tcase_add_test(tcase, bytes_objects);
	tcase_add_test(tcase, long_strings);
	tcase_add_test(tcase, strings_are_cut_between_characters);
	tcase_add_test(tcase, like_repr_below_the_limit);
	tcase_add_test(tcase, instances);
	tcase_add_test(tcase, callables);
	tcase_add_test(tcase, what_is_called_is_no_value);
	tcase_add_test(tcase, methods_of_anything);
	tcase_add_test(tcase, hostile_objects);
	tcase_add_test(tcase, subclasses_of_builtins_are_not_values);
	tcase_add_test(tcase, odd_modules);
	tcase_add_test(tcase, odd_names);
	tcase_add_test(tcase, hostile_keys_in_namespaces);
	tcase_add_test(tcase, builtins_of_hostile_owners);
	tcase_add_test(tcase, exceptions);
	tcase_add_test(tcase, messages_of_several_lines);
	tcase_add_test(tcase, long_messages);
	tcase_add_test(tcase, exceptions_in_every_buffer);
	tcase_add_test(tcase, hostile_exceptions);
	tcase_add_test(tcase, what_is_no_exception);
	tcase_add_test(tcase, smallest_buffer);
	tcase_add_test(tcase, formatting_leaves_no_references);
	return support_main("format", tcase);
}
