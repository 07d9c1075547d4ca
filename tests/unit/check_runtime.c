// SPDX-License-Identifier: BSD-2-Clause
/* What is not of code: imports, threads and garbage collection; and the names of code. */
#include <errno.h>
#include <stdio.h>

#include "support.h"

#define IMPORTS        (PYUSDT_IMPORT_START | PYUSDT_IMPORT_DONE)
#define PYTHON_IMPORTS (PYUSDT_PYTHON_IMPORT_START | PYUSDT_PYTHON_IMPORT_DONE)
#define THREADS        (PYUSDT_THREAD_START | PYUSDT_THREAD_EXIT)
#define GC             (PYUSDT_GC_START | PYUSDT_GC_DONE)
#define PYTHON_GC      (PYUSDT_PYTHON_GC_START | PYUSDT_PYTHON_GC_DONE)

static void setup(void)
{
	python_start();
	py_define_state();
	py_exec("def told():\n"
		"    found = core.others()\n"
		"    core.clear()\n"
		"    return found\n");
}

static void teardown(void)
{
	python_stop();
}

static void arm(uint64_t mask)
{
	ck_assert_int_eq(pyusdt_enable(mask), 0);
}

static void watch(uint64_t mask)
{
	fake_watch(mask);
	ck_assert_int_ge(pyusdt_poll(), 0);
}

/* Modules that are made of these sources. */
static void define_modules(void)
{
	py_run("runtime/modules.py");
}

START_TEST(imports)
{
	define_modules();
	arm(IMPORTS);
	watch(IMPORTS);
	py_run("runtime/imports.py");
}
END_TEST

/* What comes from the same place is told to whom it is for. */
static const struct {
	uint64_t armed;
	uint64_t watched;
	const char *told;
	const char *local;
} import_tracers[] = {
	{IMPORTS, IMPORTS, "start('b') + done('b')", "{'PY_START', 'PY_RETURN'}"},
	{IMPORTS, PYUSDT_IMPORT_START, "start('b')", "{'PY_START'}"},
	{IMPORTS, PYUSDT_IMPORT_DONE, "done('b')", "{'PY_RETURN'}"},
	{PYUSDT_IMPORT_DONE, IMPORTS | PYTHON_IMPORTS, "done('b')", "{'PY_RETURN'}"},
	{IMPORTS | PYTHON_IMPORTS, IMPORTS | PYTHON_IMPORTS,
	 "start('b') + [('PYTHON_IMPORT_START', 'b')] + done('b') +"
	 "[('PYTHON_IMPORT_DONE', 'b', 1)]",
	 "{'PY_START', 'PY_RETURN'}"},
	{IMPORTS | PYTHON_IMPORTS, PYTHON_IMPORTS,
	 "[('PYTHON_IMPORT_START', 'b'), ('PYTHON_IMPORT_DONE', 'b', 1)]",
	 "{'PY_START', 'PY_RETURN'}"},
	{IMPORTS, 0, "[]", "set()"},
	{THREADS, THREADS, "[]", "{'PY_RETURN'}"},
};

START_TEST(imports_are_told_to_whom_they_are_for)
{
	char source[300];

	define_modules();
	arm(import_tracers[_i].armed);
	watch(import_tracers[_i].watched);
	/* Before 3.15 PY_UNWIND comes from all code. */
	snprintf(source, sizeof(source),
		 "same(local(4)[0] - {'PY_UNWIND'}, %s)\n"
		 "same(events(4) - {'PY_UNWIND'}, set())\n"
		 "find('b')\n"
		 "same(told(), %s)\n",
		 import_tracers[_i].local, import_tracers[_i].told);
	py_exec(source);
	watch(0);
	py_exec("same((local(4)[0], events(4), registered(4)), (set(),) * 3)");
}
END_TEST

/* How threads are run, and what is then told of each. */
static void define_threads(void)
{
	py_run("runtime/run_threads.py");
}

START_TEST(threads)
{
	define_threads();
	py_exec("import threading");
	arm(THREADS);
	watch(THREADS);
	py_run("runtime/threads.py");
}
END_TEST

static const struct {
	uint64_t watched;
	const char *told;
	const char *local;
} thread_tracers[] = {
	{THREADS, "both('t', t)", "{'PY_START', 'PY_RETURN'}"},
	{PYUSDT_THREAD_START, "both('t', t)[:1]", "{'PY_START'}"},
	{PYUSDT_THREAD_EXIT, "both('t', t)[1:]", "{'PY_RETURN'}"},
};

/* Threads are looked for where the program imports them. */
START_TEST(threading_imported_later)
{
	char source[200];

	define_threads();
	arm(THREADS);
	watch(thread_tracers[_i].watched);
	py_exec("assert 'threading' not in sys.modules\n"
		"same(local(4), [{'PY_RETURN'}])\n");
	snprintf(source, sizeof(source),
		 "import threading\n"
		 "same(local(4)[1] - {'PY_UNWIND'}, %s)\n"
		 "t = run(name='t')\n"
		 "same(told(), %s)\n",
		 thread_tracers[_i].local, thread_tracers[_i].told);
	py_exec(source);
	watch(0);
	py_exec("same(local(4), [set(), set()])");
}
END_TEST

/* In the middle of which the program asks us something. */
START_TEST(threading_imported_within_a_change)
{
	define_threads();
	fake_watch(THREADS | PYUSDT_LINE);
	py_exec("def importing(event, arguments):\n"
		"    if event == REGISTER: import threading\n"
		"sys.addaudithook(importing)\n");
	arm(THREADS | PYUSDT_LINE);
	py_exec("core.poll(); told()\n"
		"t = run(name='t')\n"
		"same([e for e in told() if e[0] != 'LINE'], both('t', t))\n");
}
END_TEST

/* A thread that is told of tells nothing itself. */
START_TEST(hostile_threads)
{
	define_threads();
	py_run("runtime/hostile_classes_of_threads.py");
	arm(THREADS);
	watch(THREADS);
	py_run("runtime/hostile_threads.py");
}
END_TEST

/* The function is not where it is looked for, or is none. */
static const char *const without_threads[] = {
	"del threading.Thread",
	"threading.Thread = None",
	"del threading.Thread._bootstrap_inner",
	"threading.Thread._bootstrap_inner = len",
	"threading.Thread = Odd",
	"sys.modules['threading'] = None",
	"del sys.modules['threading']",
	"sys.modules['threading'] = object()",
};

START_TEST(no_threads_to_be_found)
{
	py_exec("import threading\n"
		"class Meta(type): __dict__ = property(lambda self: 1 / 0)\n"
		"class Odd(metaclass=Meta): pass\n"
		"before = state()\n"
		"code = threading.Thread._bootstrap_inner.__code__\n");
	py_exec(without_threads[_i]);
	fake_watch(THREADS);
	arm(THREADS | PYUSDT_LINE);
	py_exec("same(M.get_local_events(4, code), 0)\n"
		"same(core.enabled(), core.THREAD_START | core.THREAD_EXIT | "
		"core.LINE)\n");
	ck_assert_ptr_null(PyErr_Occurred());
	/* Python asks for it at its end. */
	py_exec("sys.modules['threading'] = threading");
}
END_TEST

/* It was there and is gone: nothing is left behind when all is off. */
START_TEST(threads_that_go)
{
	py_exec("import threading\n"
		"code = threading.Thread._bootstrap_inner.__code__\n");
	arm(THREADS);
	watch(THREADS);
	py_exec("same(registered(4), {'PY_START', 'PY_RETURN', 'PY_UNWIND'})");
	py_exec("kept = sys.modules.pop('threading')");
	ck_assert_int_eq(pyusdt_disable(), 0);
	py_exec("same((M.get_tool(4), registered(4)), (None, set()))\n"
		"M.use_tool_id(4, 'other')\n"
		"same(M.get_local_events(4, code), 0)\n");
}
END_TEST

/* Another function of the same name, as after importlib.reload(). */
START_TEST(threading_imported_anew)
{
	define_threads();
	py_exec("import threading");
	arm(THREADS);
	watch(THREADS);
	py_exec("code = threading.Thread._bootstrap_inner.__code__\n"
		"assert M.get_local_events(4, code)\n"
		"del sys.modules['threading']\n"
		"t = run(name='anew')\n"
		"same(told(), both('anew', t))\n"
		"same(M.get_local_events(4, code), 0)\n");
}
END_TEST

static void define_collections(void)
{
	py_run("runtime/collections.py");
}

START_TEST(collections)
{
	define_collections();
	arm(GC | PYTHON_GC);
	/* What CPython itself says, to another entry. */
	py_exec("gc.callbacks.append(recorded)");
	watch(GC);
	py_exec("for generation in range(3): collect(generation, 5)\n"
		"events = told()\n"
		"same(events, list(want()))\n"
		"same([e[0] for e in events], ['GC_START', 'GC_DONE'] * 3)\n"
		"same([e[1] for e in events], [0, 0, 1, 1, 2, 2])\n"
		"assert all(e[2] >= 5 for e in events if e[0] == 'GC_DONE'), events\n"
		"infos.clear()\n");
	watch(PYTHON_GC);
	py_exec("for generation in range(3): collect(generation, 5)\n"
		"same(told(), list(want('PYTHON_')))\n");
	watch(PYUSDT_GC_DONE);
	py_exec("collect(2)\n"
		"same([e[0] for e in told()], ['GC_DONE'])\n");
	watch(PYUSDT_PYTHON_GC_START);
	py_exec("collect(2)\n"
		"same(told(), [('PYTHON_GC_START', 2)])\n");
}
END_TEST

START_TEST(collections_need_no_tool_id)
{
	py_exec("for i in range(6): M.use_tool_id(i, 'other')");
	arm(GC | PYTHON_GC | PYUSDT_CODE);
	watch(GC);
	py_exec("gc.collect()\n"
		"same([e[0] for e in told()][:2], ['GC_START', 'GC_DONE'])\n");
}
END_TEST

START_TEST(an_entry_only_while_watched)
{
	py_exec("mine = lambda phase, info: None\n"
		"gc.callbacks.append(mine)\n"
		"def ours(): return [c for c in gc.callbacks if c is not mine]\n");
	arm(GC | PYTHON_GC);
	py_assert("ours() == []");
	for (int i = 0; i < 3; i++) {
		watch(i % 2 ? PYUSDT_GC_DONE : PYTHON_GC);
		py_exec("kept = ours()\n"
			"same(len(kept), 1)\n"
			"core.watch(core.GC_START); same(core.poll(), 0)\n"
			"same(ours(), kept)\n");
		watch(PYUSDT_LINE);
		py_assert("ours() == []");
	}
	watch(GC);
	ck_assert_int_eq(pyusdt_disable(), 0);
	py_assert("gc.callbacks == [mine]");
}
END_TEST

/* The list is the program's. */
START_TEST(the_program_changes_the_entries)
{
	arm(GC);
	watch(GC);
	py_exec("ours = gc.callbacks[0]\n"
		"gc.callbacks.clear()\n"
		"gc.collect()\n"
		"same(told(), [])\n");
	watch(0);
	py_exec("same(gc.callbacks, [])");
	watch(GC);
	py_exec("same(gc.callbacks, [ours])\n"
		"gc.callbacks[:] = [print, ours, len]\n");
	watch(0);
	py_exec("same(gc.callbacks, [print, len])\n"
		"gc.callbacks.clear()\n");
	watch(GC);
	py_exec("gc.callbacks[:] = 7, 8\n");
	ck_assert_int_eq(pyusdt_disable(), 0);
	py_exec("same(gc.callbacks, [7, 8])\n"
		"gc.callbacks.clear()\n");
}
END_TEST

START_TEST(the_program_calls_our_entry)
{
	arm(GC | PYTHON_GC);
	watch(GC | PYTHON_GC);
	py_run("runtime/the_program_calls_our_entry.py");
	ck_assert_int_eq(pyusdt_disable(), 0);
	py_exec("same(said('start', generation=1), [])");
}
END_TEST

static const struct {
	const char *change;
	int error;
} without_collections[] = {
	{"gc.callbacks = ()", -EIO},
	{"gc.callbacks = type('L', (list,), {})()", -EIO},
	{"del gc.callbacks", -EIO},
	{"sys.modules['gc'] = None", -EIO},
};

START_TEST(no_collections_to_be_had)
{
	py_exec("kept = gc.callbacks");
	py_exec(without_collections[_i].change);
	fake_watch(GC | PYUSDT_LINE);
	ck_assert_int_eq(pyusdt_enable(GC | PYUSDT_LINE), without_collections[_i].error);
	ck_assert_ptr_null(PyErr_Occurred());
	ck_assert_uint_eq(pyusdt_enabled(), 0);
	py_exec("same((M.get_tool(4), registered(4)), (None, set()))\n"
		"same(kept, [])\n");
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	py_exec("gc.callbacks, sys.modules['gc'] = kept, gc");
	ck_assert_int_eq(pyusdt_enable(GC | PYUSDT_LINE), 0);
	py_assert("len(kept) == 1");
}
END_TEST

/* All or nothing: where sys.monitoring refuses there is no entry either. */
START_TEST(rollback_with_an_entry)
{
	fake_watch(GC | PYUSDT_LINE);
	py_run("runtime/rollback_with_an_entry.py");
}
END_TEST

/* With functions, collectors and code objects of their own. */
START_TEST(two_interpreters)
{
	const uint64_t all = IMPORTS | THREADS | GC;
	PyThreadState *first = PyThreadState_Get(), *second;

	fake_watch(all);
	arm(all);
	second = Py_NewInterpreter();
	ck_assert_ptr_nonnull(second);
	py_exec("import core, gc, sys\n"
		"assert not gc.callbacks\n"
		"import __hello__\n"
		"assert core.others() == []\n");
	arm(all);
	py_run("runtime/two_interpreters.py");
	PyThreadState_Swap(first);
	py_run("runtime/two_interpreters.py");
	PyThreadState_Swap(second);
	ck_assert_int_eq(pyusdt_disable(), 0);
	py_exec("del sys.modules['__hello__']\n"
		"import __hello__\n"
		"gc.collect()\n"
		"assert told() == [] and not gc.callbacks\n");
	arm(all);
	Py_EndInterpreter(second);
	PyThreadState_Swap(first);
	py_run("runtime/two_interpreters.py");
}
END_TEST

START_TEST(in_a_forked_child)
{
	define_threads();
	py_exec("import os, threading, warnings\n"
		"warnings.simplefilter('ignore')\n");
	arm(IMPORTS | THREADS | GC);
	watch(IMPORTS | THREADS | GC);
	py_run("runtime/in_a_forked_child.py");
}
END_TEST

/* Python ends with all of it armed and watched, a thread and a collection to come. */
START_TEST(until_the_end)
{
	py_exec("import threading\n"
		"class Late:\n"
		"    def __del__(self):\n"
		"        import __hello__\n"
		"late = Late()\n"
		"late.itself = late\n");
	set_poll_msec(1);
	fake_watch(supported_events());
	arm(supported_events());
	py_exec("import __phello__\n"
		"gc.collect()\n"
		"until_then = threading.main_thread().join\n"
		"threading.Thread(target=until_then, name='last').start()\n");
	ck_assert_int_eq(Py_FinalizeEx(), 0);
	ck_assert_uint_eq(fake_count_of(EVENT_THREAD_EXIT, "last"), 1);
	ck_assert_int_eq(watcher_tid(), 0);
}
END_TEST

/* CODE */

static void define_code(void)
{
	py_exec("def make(name, **space):\n"
		"    source = 'def %s(): pass' % name\n"
		"    exec(compile(source, 'code.py', 'exec'), space)\n"
		"    return space[name]\n"
		"def codes():\n"
		"    found = [r for r in core.records('code.py') if r[0] == 'CODE']\n"
		"    core.clear()\n"
		"    return [r[2] for r in found]\n");
}

START_TEST(names_before_events)
{
	define_code();
	arm(PYUSDT_CODE | ALL_EVENTS);
	watch(PYUSDT_CODE | PYUSDT_PY_START | PYUSDT_LINE);
	py_run("runtime/names_before_events.py");
}
END_TEST

/* A tracer that comes later is told of what there is, once, in the order it came. */
START_TEST(names_for_those_who_come)
{
	define_code();
	arm(PYUSDT_CODE | PYUSDT_PY_START);
	watch(PYUSDT_PY_START);
	py_exec("functions = [make(name) for name in 'abc']\n"
		"[f() for f in functions]\n"
		"same(codes(), [])\n");
	for (int i = 0; i < 3; i++) {
		watch(PYUSDT_CODE);
		py_exec("same(codes(), ['a', 'b', 'c'])");
		watch(0);
		py_exec("same(codes(), [])");
	}
	py_exec("del functions[1]\n"
		"gc.collect()\n"
		"functions.append(make('d'))\n");
	watch(PYUSDT_PY_START);
	py_exec("functions[2]()");
	watch(PYUSDT_CODE);
	py_exec("same(codes(), ['a', 'c', 'd'])");
	ck_assert_int_eq(pyusdt_disable(), 0);
	arm(PYUSDT_CODE);
	py_exec("same(codes(), [])");
}
END_TEST

START_TEST(names_before_enable_returns)
{
	define_code();
	fake_watch(PYUSDT_CODE | PYUSDT_PY_START);
	arm(PYUSDT_PY_START);
	py_exec("f = make('f')\n"
		"f()\n"
		"same(codes(), [])\n");
	arm(PYUSDT_PY_START | PYUSDT_CODE);
	py_exec("same(codes(), ['f'])");
}
END_TEST

static bool is_named_thrice(void)
{
	return fake_count_of(EVENT_CODE, "f") >= 3;
}

START_TEST(names_again_by_the_watcher)
{
	define_code();
	set_poll_msec(1);
	fake_watch(PYUSDT_CODE | PYUSDT_PY_START);
	arm(PYUSDT_CODE | PYUSDT_PY_START);
	py_exec("f = make('f')\n"
		"f()\n");
	ck_assert(wait_until(is_named_thrice));
}
END_TEST

/* Before 3.15 imports need PY_UNWIND of all code, which is not told for that. */
START_TEST(no_names_without_events)
{
	define_code();
	arm(PYUSDT_CODE | PYUSDT_IMPORT_DONE);
	watch(PYUSDT_CODE | PYUSDT_IMPORT_DONE);
	py_exec("space = {}\n"
		"exec(compile('def f(): raise KeyError', 'code.py', 'exec'), space)\n"
		"try: space['f']()\n"
		"except KeyError: pass\n"
		"same(codes(), [])\n");
}
END_TEST

START_TEST(no_names_of_our_own_package)
{
	define_code();
	arm(PYUSDT_CODE | PYUSDT_PY_START);
	watch(PYUSDT_CODE | PYUSDT_PY_START);
	py_exec("own = make('own', __package__='pyusdt')\n"
		"other = make('other')\n"
		"own(); other()\n"
		"assert 'own' not in codes()\n"
		"core.watch(0); core.poll()\n"
		"core.watch(core.CODE); core.poll()\n"
		"same(codes(), ['other'])\n");
}
END_TEST

START_TEST(names_of_all_interpreters)
{
	PyThreadState *first = PyThreadState_Get(), *second;

	define_code();
	fake_watch(PYUSDT_PY_START);
	arm(PYUSDT_PY_START | PYUSDT_CODE);
	py_exec("first = make('first')\n"
		"first()\n");
	second = Py_NewInterpreter();
	ck_assert_ptr_nonnull(second);
	py_exec("import core");
	define_code();
	arm(PYUSDT_PY_START | PYUSDT_CODE);
	py_exec("second = make('second')\n"
		"second()\n");
	watch(PYUSDT_CODE);
	py_exec("found = codes()\n"
		"assert found == ['first', 'second'], found\n");
	watch(0);
	Py_EndInterpreter(second);
	PyThreadState_Swap(first);
	watch(PYUSDT_CODE);
	py_exec("same(codes(), ['first'])");
}
END_TEST

int main(void)
{
	TCase *runtime = tcase_create("runtime");
	TCase *code = tcase_create("code");

	tcase_add_checked_fixture(runtime, setup, teardown);
	tcase_add_test(runtime, imports);
	tcase_add_loop_test(runtime, imports_are_told_to_whom_they_are_for, 0,
			    ARRAY_SIZE(import_tracers));
	tcase_add_test(runtime, threads);
	tcase_add_loop_test(runtime, threading_imported_later, 0,
			    ARRAY_SIZE(thread_tracers));
	tcase_add_test(runtime, threading_imported_within_a_change);
	tcase_add_test(runtime, hostile_threads);
	tcase_add_loop_test(runtime, no_threads_to_be_found, 0,
			    ARRAY_SIZE(without_threads));
	tcase_add_test(runtime, threads_that_go);
	tcase_add_test(runtime, threading_imported_anew);
	tcase_add_test(runtime, collections);
	tcase_add_test(runtime, collections_need_no_tool_id);
	tcase_add_test(runtime, an_entry_only_while_watched);
	tcase_add_test(runtime, the_program_changes_the_entries);
	tcase_add_test(runtime, the_program_calls_our_entry);
	tcase_add_loop_test(runtime, no_collections_to_be_had, 0,
			    ARRAY_SIZE(without_collections));
	tcase_add_test(runtime, rollback_with_an_entry);
	tcase_add_test(runtime, two_interpreters);
	tcase_add_test(runtime, in_a_forked_child);
	tcase_add_test(runtime, until_the_end);
	tcase_add_checked_fixture(code, setup, teardown);
	tcase_add_test(code, names_before_events);
	tcase_add_test(code, names_for_those_who_come);
	tcase_add_test(code, names_before_enable_returns);
	tcase_add_test(code, names_again_by_the_watcher);
	tcase_add_test(code, no_names_without_events);
	tcase_add_test(code, no_names_of_our_own_package);
	tcase_add_test(code, names_of_all_interpreters);
	return support_main("runtime", runtime, code);
}
