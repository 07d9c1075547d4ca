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
	"def passes_on():\n"
	"    try:\n"
	"        fails()\n"
	"    finally:\n"
	"        add(1, 1)\n"
	"def tries(function, *arguments):\n"
	"    try: function(*arguments)\n"
	"    except (LookupError, StopIteration, ValueError): pass\n"
	"def nested():\n"
	"    try:\n"
	"        {}['absent']\n"
	"    except KeyError as error:\n"
	"        raise LookupError(7) from error\n"
	"def loops():\n"
	"    while True:\n"
	"        for i in range(3):\n"
	"            if i == 1: continue\n"
	"            if i and not i % 2: return i\n"
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
	"    for function in (passes_on, nested): tries(function)\n"
	"    for text in ('x', 3): tries(int, text)\n"
	"    for error in (KeyError('sent'), ValueError(None), LookupError()):\n"
	"        g = numbers(2); next(g); tries(g.throw, error)\n"
	"    tries(next, numbers(0))\n"
	"    loops()\n"
	"    sorted([3, 1, 2], key=lambda n: -n)\n"
	"    [].append(1); len('x'); list.append([], 2); int('3')\n"
	"    {i: add(i, i) for i in range(2)}\n"
	"    sum(x for x in (1, 2))\n"
	"    fib(5)\n"
	"    return 2**70\n";

/*
 * The tuples are those of core.records(), but for the code id: the code object. And what
 * the line is that runs, for the provider python.
 */
static const char recorder[] =
	"theirs, lines, keep = [], [], []\n"
	"def current(code, frame, offset):\n"
	"    for start, end, line in code.co_lines():\n"
	"        if start <= offset < end and line is not None: return line\n"
	"    return frame.f_lineno or code.co_firstlineno\n"
	"def at(code, frame, offset): return code.co_firstlineno, offset, None, 0\n"
	"def at_line(code, frame, line): return line, -1, None, 0\n"
	"def going(code, frame, offset, destination):\n"
	"    return code.co_firstlineno, offset, None, destination\n"
	"def with_(format):\n"
	"    def showing(code, frame, offset, value, argument=None):\n"
	"        keep.append(value)\n"
	"        return code.co_firstlineno, offset, format(value, 256), id(value)\n"
	"    return showing\n"
	"def failing(code, frame, offset, exception):\n"
	"    shown = with_(core.format_exception)(code, frame, offset, exception)\n"
	"    return current(code, frame, offset), *shown[1:]\n"
	"value, called = with_(core.format_value), with_(core.format_callable)\n"
	"KINDS = dict(PY_START=at, PY_RESUME=at, PY_RETURN=value, PY_YIELD=value,\n"
	"    CALL=called, LINE=at_line, C_RETURN=called, C_RAISE=called, JUMP=going,\n"
	"    BRANCH=going, BRANCH_LEFT=going, BRANCH_RIGHT=going, INSTRUCTION=at)\n"
	"def note(event, code, frame, *arguments):\n"
	"    keep.append(code)\n"
	"    line, *rest = KINDS.get(event, failing)(code, frame, *arguments)\n"
	"    theirs.append((event, code.co_name, code.co_filename, line, *rest[:2],\n"
	"                   code.co_qualname, 'work', code, rest[2]))\n"
	"    lines.append(line if event == 'LINE' else current(code, frame, rest[0]))\n";

/* One event of sys.monitoring may be two of ours: the one of its name comes last. */
static const char recording[] =
	"def sources(name): return needed(name)[1]\n"
	"def callback(source, names):\n"
	"    mine = sorted((n for n in names if source in sources(n)),\n"
	"                  key=lambda name: name == source)\n"
	"    def on(code, *arguments):\n"
	"        if code.co_filename != 'workload.py': return\n"
	"        for name in mine: note(name, code, sys._getframe(1), *arguments)\n"
	"    return on\n"
	"def start(names):\n"
	"    M.use_tool_id(0, 'recorder')\n"
	"    for source in set().union(*map(sources, names)):\n"
	"        M.register_callback(0, EVENTS[source], callback(source, names))\n"
	"    M.set_events(0, sum(EVENTS[name] for name in needed(*names)[0]))\n"
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
	py_exec(recording);
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

/* Records those of @recorded while these are @watched; @compare: Python. */
static long record_and_compare(uint64_t recorded, uint64_t watched, const char *compare)
{
	char source[100];

	snprintf(source, sizeof(source),
		 "start([n for n in core.NAMES if getattr(core, n) & %#llx])",
		 (unsigned long long)recorded);
	ck_assert_int_eq(pyusdt_enable(supported_events()), 0);
	py_exec(source);
	run_main(watched);
	py_exec("stop()");
	return py_long(compare);
}

START_TEST(each_event_by_itself)
{
	uint64_t event = event_bit((enum event)_i);

	if (supported_events() & event)
		ck_assert_int_gt(record_and_compare(event, event, "compare()"), 1);
}
END_TEST

START_TEST(all_events_together)
{
	uint64_t all = supported_events() & CODE_EVENTS;

	ck_assert_int_gt(record_and_compare(all, all, "compare()"), 1000);
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
		"core.enable(core.ALL)\n"
		"core.watch(core.PY_START | core.PY_RESUME | core.PY_RETURN |\n"
		"           core.PY_YIELD | core.CALL)\n"
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
		"  ('PY_RETURN', 'f', 'exact.py', 6, \"['v']\", 'f', 'm')])\n"
		"assert all(0 <= r[4] < 1000 and r[4] % 2 == 0 for r in got)\n"
		"same({r[9] for r in got if r[0] in ('PY_START', 'PY_RESUME')}, {0})\n"
		"same(got[7][9], id(len))\n"
		"same(len({r[8] for r in got}), 2)\n");
}
END_TEST

START_TEST(exact_exceptions)
{
	py_exec("space = {'__name__': 'm'}\n"
		"exec(compile('''\n"
		"def f(text):\n"
		"    try:\n"
		"        return int(text)\n"
		"    except ValueError:\n"
		"        raise error\n"
		"def g():\n"
		"    try:\n"
		"        yield\n"
		"    except LookupError:\n"
		"        yield\n"
		"''', 'exact.py', 'exec'), space)\n"
		"error = space['error'] = KeyError('k')\n"
		"core.enable(core.ALL)\n"
		"core.watch(core.CALL | core.C_RETURN | core.C_RAISE | core.RAISE |\n"
		"           core.EXCEPTION_HANDLED | core.PY_UNWIND | core.PY_THROW)\n"
		"core.poll()\n"
		"space['f']('7')\n"
		"try: space['f']('x')\n"
		"except KeyError: pass\n"
		"g = space['g']()\n"
		"next(g); g.throw(error)\n"
		"core.watch(0); core.poll()\n");
	py_exec("got = core.records('exact.py')\n"
		"invalid = \"ValueError: invalid literal for int() with base 10: 'x'\"\n"
		"same([r[:2] + r[3:4] + r[5:6] for r in got], [\n"
		"    ('CALL', 'f', 2, 'builtins.int'),\n"
		"    ('C_RETURN', 'f', 2, 'builtins.int'),\n"
		"    ('CALL', 'f', 2, 'builtins.int'),\n"
		"    ('C_RAISE', 'f', 2, 'builtins.int'),\n"
		"    ('RAISE', 'f', 4, invalid),\n"
		"    ('EXCEPTION_HANDLED', 'f', 4, invalid),\n"
		"    ('RAISE', 'f', 6, \"KeyError: 'k'\"),\n"
		/* By what ends the except clause. */
		"    ('EXCEPTION_HANDLED', 'f', 6, \"KeyError: 'k'\"),\n"
		"    ('PY_UNWIND', 'f', 6, \"KeyError: 'k'\"),\n"
		"    ('PY_THROW', 'g', 9, \"KeyError: 'k'\"),\n"
		"    ('RAISE', 'g', 9, \"KeyError: 'k'\"),\n"
		"    ('EXCEPTION_HANDLED', 'g', 9, \"KeyError: 'k'\")])\n"
		"same({r[9] for r in got if r[5].startswith('KeyError')}, {id(error)})\n"
		"same({r[9] for r in got if r[5] == 'builtins.int'}, {id(int)})\n"
		"assert all(r[4] >= 0 for r in got)\n");
}
END_TEST

START_TEST(exact_jumps)
{
	py_exec("import dis\n"
		"def f(n):\n"
		"    while n: n -= 1\n"
		"offsets = {i.offset for i in dis.get_instructions(f)}\n"
		"core.enable(core.ALL)\n"
		"core.watch(core.JUMP | core.BRANCH)\n"
		"core.poll(); f(3); core.watch(0); core.poll()\n"
		"got = [r for r in core.records('test.py') if r[1] == 'f']\n"
		"same([r[0] for r in got if r[9] > r[4]], ['BRANCH'] * 4)\n"
		"same({r[0] for r in got if r[9] < r[4]}, {'JUMP'})\n"
		"assert {r[4] for r in got} | {r[9] for r in got} <= offsets\n"
		"same({(r[3], r[5]) for r in got}, {(2, None)})\n");
}
END_TEST

/* Entries and returns as CPython's own probes have them, with the line that runs. */
START_TEST(the_provider_python)
{
	const uint64_t recorded = PYUSDT_PY_START | PYUSDT_PY_RESUME | PYUSDT_PY_THROW |
				  PYUSDT_PY_RETURN | PYUSDT_PY_YIELD | PYUSDT_PY_UNWIND |
				  PYUSDT_LINE;

	py_exec("NAMES = dict.fromkeys(('PY_START', 'PY_RESUME', 'PY_THROW'),\n"
		"    'PYTHON_FUNCTION_ENTRY')\n"
		"NAMES |= dict.fromkeys(('PY_RETURN', 'PY_YIELD', 'PY_UNWIND'),\n"
		"    'PYTHON_FUNCTION_RETURN')\n"
		"NAMES['LINE'] = 'PYTHON_LINE'\n"
		"def compare_python():\n"
		"    want = [(NAMES[t[0]], t[2], t[1], line) for t, line in\n"
		"        zip(theirs, lines)]\n"
		"    ours = core.records('workload.py')\n"
		"    for mine, other in zip(ours, want): same(mine, other)\n"
		"    same(len(ours), len(want))\n"
		"    depth = 0\n"
		"    for event, *rest in ours:\n"
		"        depth += event == 'PYTHON_FUNCTION_ENTRY'\n"
		"        assert depth > 0\n"
		"        depth -= event == 'PYTHON_FUNCTION_RETURN'\n"
		"    same(depth, 0)\n"
		"    return len(ours)\n");
	ck_assert_int_gt(record_and_compare(recorded,
					    PYUSDT_PYTHON_FUNCTION_ENTRY |
						    PYUSDT_PYTHON_FUNCTION_RETURN |
						    PYUSDT_PYTHON_LINE,
					    "compare_python()"),
			 200);
}
END_TEST

#define RETURNS (PYUSDT_PY_RETURN | PYUSDT_PYTHON_FUNCTION_RETURN)
#define STARTS  (PYUSDT_PY_START | PYUSDT_PYTHON_FUNCTION_ENTRY)
#define LINES   (PYUSDT_LINE | PYUSDT_PYTHON_LINE)
#define C_CALLS (PYUSDT_CALL | PYUSDT_C_RETURN | PYUSDT_C_RAISE)
#define IMPORTS (PYUSDT_IMPORT_START | PYUSDT_IMPORT_DONE)

/* Events that come from the same of sys.monitoring: what is told to whom. */
static const struct {
	uint64_t armed;
	uint64_t watched;
	uint64_t told;
	const char *needed;
} shared[] = {
	{RETURNS, RETURNS, RETURNS, "PY_RETURN PY_YIELD PY_UNWIND"},
	{RETURNS, PYUSDT_PY_RETURN, PYUSDT_PY_RETURN, "PY_RETURN"},
	{RETURNS, PYUSDT_PYTHON_FUNCTION_RETURN, PYUSDT_PYTHON_FUNCTION_RETURN,
	 "PY_RETURN PY_YIELD PY_UNWIND"},
	{PYUSDT_PY_RETURN, RETURNS, PYUSDT_PY_RETURN, "PY_RETURN"},
	{PYUSDT_PYTHON_FUNCTION_RETURN, RETURNS, PYUSDT_PYTHON_FUNCTION_RETURN,
	 "PY_RETURN PY_YIELD PY_UNWIND"},
	{STARTS, STARTS, STARTS, "PY_START PY_RESUME PY_THROW"},
	{STARTS, PYUSDT_PY_START, PYUSDT_PY_START, "PY_START"},
	{PYUSDT_PYTHON_FUNCTION_ENTRY, STARTS, PYUSDT_PYTHON_FUNCTION_ENTRY,
	 "PY_START PY_RESUME PY_THROW"},
	{LINES, LINES, LINES, "LINE"},
	{LINES, PYUSDT_LINE, PYUSDT_LINE, "LINE"},
	{LINES, PYUSDT_PYTHON_LINE, PYUSDT_PYTHON_LINE, "LINE"},
	{PYUSDT_PYTHON_LINE, LINES, PYUSDT_PYTHON_LINE, "LINE"},
	{C_CALLS, C_CALLS, C_CALLS, "CALL C_RETURN C_RAISE"},
	{C_CALLS, PYUSDT_CALL, PYUSDT_CALL, "CALL"},
	{C_CALLS, PYUSDT_C_RETURN, PYUSDT_C_RETURN, "C_RETURN"},
	{PYUSDT_C_RETURN, C_CALLS, PYUSDT_C_RETURN, "C_RETURN"},
	{PYUSDT_C_RAISE, C_CALLS, PYUSDT_C_RAISE, "C_RAISE"},
	{PYUSDT_BRANCH, PYUSDT_BRANCH | BRANCH_SIDES, PYUSDT_BRANCH, "BRANCH"},
	{IMPORTS | STARTS, IMPORTS | STARTS, IMPORTS | STARTS,
	 "PY_START PY_RESUME PY_THROW PY_RETURN PY_UNWIND"},
	{IMPORTS | STARTS, PYUSDT_PY_START, PYUSDT_PY_START, "PY_START"},
	{IMPORTS | RETURNS, PYUSDT_IMPORT_DONE, PYUSDT_IMPORT_DONE,
	 "PY_RETURN PY_UNWIND"},
	{PYUSDT_IMPORT_DONE, IMPORTS | RETURNS, PYUSDT_IMPORT_DONE,
	 "PY_RETURN PY_UNWIND"},
	{PYUSDT_PY_UNWIND, PYUSDT_PY_UNWIND | IMPORTS, PYUSDT_PY_UNWIND, "PY_UNWIND"},
	/* It has no events of its own. */
	{PYUSDT_CODE, PYUSDT_CODE | ALL_EVENTS, 0, ""},
	/* From 3.14 on. */
	{PYUSDT_BRANCH | BRANCH_SIDES, PYUSDT_BRANCH, PYUSDT_BRANCH, "BRANCH"},
	{PYUSDT_BRANCH | BRANCH_SIDES, BRANCH_SIDES, BRANCH_SIDES,
	 "BRANCH_LEFT BRANCH_RIGHT"},
	{PYUSDT_BRANCH_LEFT, PYUSDT_BRANCH | BRANCH_SIDES, PYUSDT_BRANCH_LEFT,
	 "BRANCH_LEFT"},
	{PYUSDT_BRANCH | PYUSDT_BRANCH_RIGHT, PYUSDT_BRANCH | PYUSDT_BRANCH_RIGHT,
	 PYUSDT_BRANCH | PYUSDT_BRANCH_RIGHT, "BRANCH"},
};

static uint64_t told_events(void)
{
	uint64_t told = 0;

	for (size_t i = 0; i < fake_count(); i++)
		told |= event_bit(fake_record(i)->event);
	return told;
}

START_TEST(each_for_its_own_tracer)
{
	char source[100];

	if (shared[_i].armed & ~supported_events())
		return;
	ck_assert_int_eq(pyusdt_enable(shared[_i].armed), 0);
	fake_watch(shared[_i].watched);
	ck_assert_int_ge(pyusdt_poll(), 0);
	snprintf(source, sizeof(source), "same(registered(4), needed(*'%s'.split())[1])",
		 shared[_i].needed);
	py_exec(source);
	fake_clear();
	py_exec("main()\n"
		"sys.modules.pop('__hello__', None)\n"
		"import __hello__\n");
	ck_assert_uint_eq(told_events(), shared[_i].told);
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
	/* What no event has; of code that is instrumented. */
	py_exec("main()\n"
		"odd = (0, -1, -2**31, 2**31 - 1, 2**31, 10**100, None, 'x', 0.5, main,\n"
		"       ValueError(), ValueError)\n"
		"for name, callback in callbacks.items():\n"
		"    for number in odd:\n"
		"        for object in odd:\n"
		"            same(callback(main.__code__, number, object), None)\n");
}
END_TEST

/* What another caller passes in place of a number may disable all when it is asked. */
START_TEST(callbacks_ask_nothing_of_arguments)
{
	fake_watch(supported_events());
	ck_assert_int_eq(pyusdt_enable(supported_events()), 0);
	py_exec("ran = []\n"
		"def answers(name):\n"
		"    def answer(*arguments):\n"
		"        ran.append(name)\n"
		"        core.disable()\n"
		"        return 1\n"
		"    return answer\n"
		"names = ('__index__', '__int__', '__trunc__', '__float__', '__eq__',\n"
		"    '__hash__', '__bool__', '__str__', '__repr__', '__len__')\n"
		"space = {name: answers(name) for name in names}\n"
		"kinds = [type('Own', (base,), space) for base in (object, int, str)]\n"
		"callbacks = {n: M.register_callback(4, bit, None) for n, bit in\n"
		"    EVENTS.items()}\n"
		"main()\n"
		"before = core.enabled()\n"
		"core.clear()\n"
		"for name, callback in callbacks.items():\n"
		"    for own in (kind() for kind in kinds):\n"
		"        for rest in ((own, own), (1, own), (own, 1)):\n"
		"            same(callback(main.__code__, *rest), None)\n"
		"        same(callback(own, own, own), None)\n"
		"same((ran, core.enabled()), ([], before))\n"
		"got = [r for r in core.records('workload.py') if r[0] in callbacks]\n"
		"same({r[0] for r in got}, set(callbacks))\n"
		"same({r[4] for r in got}, {-1, 1})\n");
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
	tcase_add_test(tcase, exact_exceptions);
	tcase_add_test(tcase, exact_jumps);
	tcase_add_test(tcase, the_provider_python);
	tcase_add_loop_test(tcase, each_for_its_own_tracer, 0, ARRAY_SIZE(shared));
	tcase_add_test(tcase, values_switched_off);
	tcase_add_test(tcase, values_cut_as_configured);
	tcase_add_test(tcase, silent_without_a_tracer);
	tcase_add_test(tcase, own_package_is_silent);
	tcase_add_test(tcase, code_that_comes_and_goes);
	tcase_add_test(tcase, callbacks_called_by_others);
	tcase_add_test(tcase, callbacks_ask_nothing_of_arguments);
	tcase_add_test(tcase, the_programs_result_is_the_same);
	tcase_add_test(tcase, deep_recursion);
	tcase_add_test(tcase, from_many_threads);
	return support_main("callbacks", tcase);
}
