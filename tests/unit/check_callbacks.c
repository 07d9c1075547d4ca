// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is emitted: all arguments of all probes, compared with what a recorder written in
 * Python sees through another tool id.
 */
#include <stdio.h>
#include <string.h>

#include "support.h"

static void setup(void)
{
	PyObject *source;

	python_start();
	py_define_state();
	py_run("callbacks/recorder.py");
	py_run("callbacks/recording.py");
	source = py_source("callbacks/workload.py");
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
	py_run("callbacks/exact_arguments.py");
}
END_TEST

START_TEST(exact_exceptions)
{
	py_run("callbacks/exact_exceptions.py");
}
END_TEST

START_TEST(exact_jumps)
{
	py_run("callbacks/exact_jumps.py");
}
END_TEST

/* Entries and returns as CPython's own probes have them, with the line that runs. */
START_TEST(the_provider_python)
{
	const uint64_t recorded = PYUSDT_PY_START | PYUSDT_PY_RESUME | PYUSDT_PY_THROW |
				  PYUSDT_PY_RETURN | PYUSDT_PY_YIELD | PYUSDT_PY_UNWIND |
				  PYUSDT_LINE;

	py_run("callbacks/the_provider_python.py");
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
	py_run("callbacks/callbacks_ask_nothing_of_arguments.py");
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
