// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is emitted: all arguments of all probes, compared with what a recorder written in
 * Python sees through another tool id.
 */
#include <stdio.h>
#include <string.h>

#include "support.h"

/* Functions, generators, methods, coroutines, classes, comprehensions, exceptions. */
static const char workload[] =
	"import asyncio\n"
	"def add(a, b):\n"
	"    total = a + b\n"
	"    return total\n"
	"\n"
	"def numbers(n):\n"
	"    for i in range(n):\n"
	"        got = yield i\n"
	"    return 'done'\n"
	"def delegate():\n"
	"    return (yield from numbers(2))\n"
	"class Account:\n"
	"    def __init__(self, owner):\n"
	"        self.owner = owner\n"
	"        self.total = 0.5\n"
	"    def deposit(self, amount):\n"
	"        self.total += amount\n"
	"        return self\n"
	"    @property\n"
	"    def name(self): return 'account of ' + self.owner\n"
	"    @classmethod\n"
	"    def open(cls): return cls('é€🐍')\n"
	"    def __repr__(self): raise SystemExit\n"
	"async def sleep():\n"
	"    await asyncio.sleep(0)\n"
	"    return b'slept'\n"
	"def fails():\n"
	"    raise ValueError('x')\n"
	"def catches():\n"
	"    try:\n"
	"        fails()\n"
	"    except ValueError:\n"
	"        return None\n"
	"def fib(n):\n"
	"    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
	"def main():\n"
	"    add(1, 2)\n"
	"    add('a', 'b' * 500)\n"
	"    list(numbers(3))\n"
	"    list(delegate())\n"
	"    g = numbers(2); next(g); g.send('sent'); g.close()\n"
	"    account = Account.open().deposit(1)\n"
	"    account.name\n"
	"    coroutine = sleep()\n"
	"    try:\n"
	"        while True: coroutine.send(None)\n"
	"    except StopIteration as stop:\n"
	"        value = stop.value\n"
	"    catches()\n"
	"    sorted([3, 1, 2], key=lambda n: -n)\n"
	"    [].append(1); len('x'); list.append([], 2); int('3')\n"
	"    {i: add(i, i) for i in range(2)}\n"
	"    sum(x for x in (1, 2))\n"
	"    fib(5)\n"
	"    return 2**70\n";

/* The tuples are those of core.records(), but for the code id: the code object. */
static const char recorder[] =
	"theirs = []\n"
	"keep = []\n"
	"def note(event, code, line, offset, value=None, object=None):\n"
	"    if code.co_filename != 'workload.py': return\n"
	"    keep.append((code, object))\n"
	"    theirs.append((event, code.co_name, code.co_filename, line, offset, value,\n"
	"                   code.co_qualname, 'work', code,\n"
	"                   id(object) if value else 0))\n"
	"def on_offset(event):\n"
	"    def on(code, offset): note(event, code, code.co_firstlineno, offset)\n"
	"    return on\n"
	"def on_value(event):\n"
	"    def on(code, offset, value):\n"
	"        text = core.format_value(value, 256)\n"
	"        note(event, code, code.co_firstlineno, offset, text, value)\n"
	"    return on\n"
	"def on_call(code, offset, callable, argument):\n"
	"    text = core.format_callable(callable, 256)\n"
	"    note('CALL', code, code.co_firstlineno, offset, text, callable)\n"
	"def on_line(code, line): note('LINE', code, line, -1)\n"
	"def start(names):\n"
	"    M.use_tool_id(0, 'recorder')\n"
	"    callbacks = {'CALL': on_call, 'LINE': on_line}\n"
	"    for name in ('PY_START', 'PY_RESUME'): callbacks[name] = on_offset(name)\n"
	"    for name in ('PY_RETURN', 'PY_YIELD'): callbacks[name] = on_value(name)\n"
	"    for name in names: M.register_callback(0, EVENTS[name], callbacks[name])\n"
	"    M.set_events(0, sum(EVENTS[name] for name in names))\n"
	"def stop():\n"
	"    M.set_events(0, 0)\n"
	"    M.free_tool_id(0)\n"
	/* The code ids are ours alone: one for each code object, and never the same. */
	"def compare():\n"
	"    ours = core.records('workload.py')\n"
	"    ids = {}\n"
	"    for mine, other in zip(ours, theirs):\n"
	"        assert ids.setdefault(id(other[8]), mine[8]) == mine[8]\n"
	"        assert mine[:8] + mine[9:] == other[:8] + other[9:], (mine, other)\n"
	"    same(len(ours), len(theirs))\n"
	"    assert len(set(ids.values())) == len(ids)\n"
	"    return len(ours)\n";

static void setup(void)
{
	PyObject *source;

	python_start();
	py_define_state();
	py_exec(recorder);
	source = PyUnicode_FromString(workload);
	PyModule_AddObjectRef(PyImport_AddModule("__main__"), "workload", source);
	Py_DECREF(source);
	py_exec("work = {'__name__': 'work'}\n"
		"exec(compile(workload, 'workload.py', 'exec'), work)\n"
		"main = work['main']\n");
}

static void teardown(void)
{
	python_stop();
}

/* From C: no Python code of the test is between the recorders and the workload. */
static void run_main(uint64_t watched)
{
	PyObject *function = py_eval("main");
	PyObject *result;

	fake_watch(watched);
	ck_assert_int_eq(pyusdt_poll(), 1);
	result = PyObject_CallNoArgs(function);
	ck_assert_ptr_nonnull(result);
	fake_watch(0);
	ck_assert_int_eq(pyusdt_poll(), 1);
	Py_DECREF(result);
	Py_DECREF(function);
}

static long record_and_compare(uint64_t watched)
{
	char names[128] = "";
	char source[160];

	for (int i = 0; i < MONITOR_COUNT; i++)
		if (watched & event_bit(i))
			sprintf(names + strlen(names), "'%s',", event_name(i));
	snprintf(source, sizeof(source), "start([%s])", names);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_exec(source);
	run_main(watched);
	py_exec("stop()");
	return py_long("compare()");
}

START_TEST(each_event_by_itself)
{
	ck_assert_int_gt(record_and_compare(event_bit((enum event)_i)), 3);
}
END_TEST

START_TEST(all_events_together)
{
	ck_assert_int_gt(record_and_compare(ALL_EVENTS), 200);
}
END_TEST

START_TEST(exact_arguments)
{
	py_exec("space = {'__name__': 'm'}\n"
		"exec(compile('''\n"
		"class C:\n"
		"    def m(self, x):\n"
		"        yield x\n"
		"        return len(x)\n"
		"def f(): return list(C().m('v'))\n"
		"''', 'exact.py', 'exec'), space)\n"
		"f = space['f']\n"
		"core.enable(core.ALL & ~core.LINE)\n"
		"core.watch(core.ALL)\n"
		"core.poll(); f(); core.watch(0); core.poll()\n"
		"got = core.records('exact.py')\n"
		"same([r[:4] + (r[5:8]) for r in got], [\n"
		"  ('PY_START', 'f', 'exact.py', 6, None, 'f', 'm'),\n"
		"  ('CALL', 'f', 'exact.py', 6, 'm.C', 'f', 'm'),\n"
		"  ('CALL', 'f', 'exact.py', 6, 'm.C.m', 'f', 'm'),\n"
		"  ('CALL', 'f', 'exact.py', 6, 'builtins.list', 'f', 'm'),\n"
		"  ('PY_START', 'm', 'exact.py', 3, None, 'C.m', 'm'),\n"
		"  ('PY_YIELD', 'm', 'exact.py', 3, \"'v'\", 'C.m', 'm'),\n"
		"  ('PY_RESUME', 'm', 'exact.py', 3, None, 'C.m', 'm'),\n"
		"  ('CALL', 'm', 'exact.py', 3, 'builtins.len', 'C.m', 'm'),\n"
		"  ('PY_RETURN', 'm', 'exact.py', 3, '1', 'C.m', 'm'),\n"
		"  ('PY_RETURN', 'f', 'exact.py', 6, '<builtins.list at ' +\n"
		"      got[-1][5][18:], 'f', 'm')])\n"
		"assert all(0 <= r[4] < 1000 and r[4] % 2 == 0 for r in got)\n"
		"same({r[9] for r in got if r[0] in ('PY_START', 'PY_RESUME')}, {0})\n"
		"same(got[7][9], id(len))\n"
		"same(len({r[8] for r in got}), 2)\n");
}
END_TEST

START_TEST(values_switched_off)
{
	set_options(0, PYUSDT_VALUES_NONE, 256, -1);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_RETURN | PYUSDT_CALL), 0);
	run_main(ALL_EVENTS);
	py_exec("got = core.records('workload.py')\n"
		"assert len(got) > 20\n"
		"same({r[5] for r in got}, {None})\n"
		"assert all(r[9] for r in got)\n");
}
END_TEST

START_TEST(values_cut_as_configured)
{
	set_options(0, PYUSDT_VALUES_SAFE, 16, -1);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_RETURN), 0);
	run_main(ALL_EVENTS);
	set_options(0, PYUSDT_VALUES_SAFE, 4096, -1);
	run_main(ALL_EVENTS);
	py_exec("got = [r[5] for r in core.records('workload.py')]\n"
		"assert max(len(t.encode()) for t in got[:len(got) // 2]) == 15\n"
		"assert \"'abbbbbbbbbb...\" in got\n"
		"assert repr('a' + 'b' * 500) in got[len(got) // 2:]\n");
}
END_TEST

/* Instrumented for another tool, or not yet undone: the semaphore decides. */
START_TEST(silent_without_a_tracer)
{
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_poll(), 1);
	fake_watch(0);
	fake_clear();
	py_exec("main()");
	ck_assert_uint_eq(fake_count(), 0);
}
END_TEST

START_TEST(own_package_is_silent)
{
	py_exec("own = {'__name__': 'pyusdt.cli', '__package__': 'pyusdt', 'main':\n"
		"    main}\n"
		"exec(compile('def run(): return main()', 'own.py', 'exec'), own)\n"
		"core.enable(core.ALL)\n"
		"core.watch(core.ALL)\n"
		"core.poll(); own['run'](); core.watch(0); core.poll()\n"
		"same(core.records('own.py'), [])\n"
		"assert len(core.records('workload.py')) > 100\n");
}
END_TEST

START_TEST(code_that_comes_and_goes)
{
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("for i in range(2000): exec(compile('1', 'gone.py', 'exec'))\n"
		"got = core.records('gone.py')\n"
		"same(len(got), 2000)\n"
		"same(len({r[8] for r in got}), 2000)\n");
}
END_TEST

/* None of what the callbacks return or raise reaches the program. */
START_TEST(callbacks_called_by_others)
{
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_exec("callbacks = {n: M.register_callback(4, bit, None) for n, bit in\n"
		"    EVENTS.items()}\n");
	fake_clear();
	/* As Cython and Numba do. */
	py_exec("for name, callback in callbacks.items():\n"
		"    for code in (None, 'code', 42, main, object()):\n"
		"        same(callback(code, 1, 2, 3), None)\n");
	ck_assert_uint_eq(fake_count(), 0);
	/* As a tool that chains to the one before may. */
	py_exec("for name, callback in callbacks.items():\n"
		"    for arguments in ((), (main.__code__,)):\n"
		"        same(callback(*arguments), None)\n");
	ck_assert_uint_eq(fake_count(), 0);
}
END_TEST

START_TEST(the_programs_result_is_the_same)
{
	py_exec("want = main()");
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("same(main(), want)\n"
		"try: work['fails'](); assert False\n"
		"except ValueError as e: same(str(e), 'x')\n");
}
END_TEST

START_TEST(deep_recursion)
{
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	fake_watch(PYUSDT_PY_START | PYUSDT_PY_RETURN);
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("def down(n): return down(n + 1)\n"
		"try: down(0); assert False\n"
		"except RecursionError: pass\n"
		"def count(n): return n and count(n - 1)\n"
		"count(500)\n");
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "count"), 501);
	ck_assert_uint_eq(fake_count_of(EVENT_PY_RETURN, "count"), 501);
}
END_TEST

START_TEST(from_many_threads)
{
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	fake_watch(PYUSDT_PY_START | PYUSDT_PY_RETURN);
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("import threading\n"
		"def leaf(n): return n\n"
		"def work(): [leaf(i) for i in range(1000)]\n"
		"sys.setswitchinterval(1e-6)\n"
		"threads = [threading.Thread(target=work) for i in range(4)]\n"
		"[t.start() for t in threads]\n"
		"[t.join() for t in threads]\n");
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "leaf"), 4000);
	ck_assert_uint_eq(fake_count_of(EVENT_PY_RETURN, "leaf"), 4000);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("callbacks");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, each_event_by_itself, 0, MONITOR_COUNT);
	tcase_add_test(tcase, all_events_together);
	tcase_add_test(tcase, exact_arguments);
	tcase_add_test(tcase, values_switched_off);
	tcase_add_test(tcase, values_cut_as_configured);
	tcase_add_test(tcase, silent_without_a_tracer);
	tcase_add_test(tcase, own_package_is_silent);
	tcase_add_test(tcase, code_that_comes_and_goes);
	tcase_add_test(tcase, callbacks_called_by_others);
	tcase_add_test(tcase, the_programs_result_is_the_same);
	tcase_add_test(tcase, deep_recursion);
	tcase_add_test(tcase, from_many_threads);
	return support_main("callbacks", tcase);
}
