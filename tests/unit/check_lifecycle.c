// SPDX-License-Identifier: BSD-2-Clause
/* The end of Python, its next beginning, and several interpreters. */
#include <errno.h>

#include "pycore.h"
#include "support.h"

#define POLL_MSEC 1

static void run_traced(void)
{
	size_t before = fake_count_of(EVENT_PY_START, "traced");

	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_exec("def traced(): pass\n"
		"traced()\n");
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "traced"), before + 1);
}

START_TEST(finalised_while_armed)
{
	python_start();
	set_poll_msec(POLL_MSEC);
	run_traced();
	ck_assert_int_ne(watcher_tid(), 0);
	python_stop();
	ck_assert_int_eq(watcher_tid(), 0);
	ck_assert_int_eq(thread_count(), 1);
}
END_TEST

/* A tracer that comes and goes all the while does not disturb the end. */
START_TEST(finalised_while_a_tracer_toggles)
{
	for (int i = 0; i < 30; i++) {
		python_start();
		set_poll_msec(POLL_MSEC);
		ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
		fake_watch(i % 2 ? ALL_EVENTS : PYUSDT_LINE);
		python_stop();
		ck_assert_int_eq(thread_count(), 1);
	}
}
END_TEST

START_TEST(python_again_and_again)
{
	for (int i = 0; i < 5; i++) {
		python_start();
		ck_assert_uint_eq(pyusdt_enabled(), 0);
		set_poll_msec(i % 2 ? POLL_MSEC : 0);
		run_traced();
		py_exec("def later(): pass\n"
			"later()\n");
		ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "later"), 1);
		if (i == 3)
			ck_assert_int_eq(pyusdt_disable(), 0);
		python_stop();
		ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), -EPERM);
	}
}
END_TEST

/* Handlers run in reverse: one that was there before us runs after ours. */
START_TEST(in_a_later_atexit_handler)
{
	python_start();
	py_run("lifecycle/in_a_later_atexit_handler.py");
	set_poll_msec(POLL_MSEC);
	run_traced();
	python_stop();
	ck_assert_uint_eq(pycore_note_count(), 7);
	ck_assert_int_eq(pycore_note(0), -ESHUTDOWN);
	ck_assert_int_eq(pycore_note(1), -ESHUTDOWN);
	ck_assert_int_eq(pycore_note(2), 0);
	ck_assert_int_eq(pycore_note(3), 0);
	ck_assert_int_eq(pycore_note(4), 0);
	ck_assert_int_eq(pycore_note(5), 0);
	ck_assert_int_eq(pycore_note(6), 1);
}
END_TEST

/* One that was registered after us runs before: all is as ever. */
START_TEST(in_an_earlier_atexit_handler)
{
	python_start();
	set_poll_msec(POLL_MSEC);
	run_traced();
	py_exec("import atexit\n"
		"def early():\n"
		"    core.note(core.enabled())\n"
		"    core.note(core.disable())\n"
		"    core.note(core.enable(core.LINE))\n"
		"atexit.register(early)\n");
	python_stop();
	ck_assert_uint_eq(pycore_note_count(), 3);
	ck_assert_int_eq(pycore_note(0), ALL_EVENTS);
	ck_assert_int_eq(pycore_note(1), 0);
	ck_assert_int_eq(pycore_note(2), 0);
	ck_assert_int_eq(thread_count(), 1);
}
END_TEST

/* The first use of all: whatever it returns, no thread may outlive Python. */
START_TEST(first_in_an_atexit_handler)
{
	python_start_bare();
	py_exec("import atexit\n"
		"def first():\n"
		"    core.note(core.enable(core.ALL))\n"
		"atexit.register(first)\n");
	python_stop();
	ck_assert_uint_eq(pycore_note_count(), 1);
	ck_assert_int_eq(watcher_tid(), 0);
	ck_assert_int_eq(thread_count(), 1);
}
END_TEST

START_TEST(in_a_finaliser_at_the_end)
{
	python_start();
	set_poll_msec(POLL_MSEC);
	run_traced();
	py_exec("class Last:\n"
		"    def __init__(self): self.core = core\n"
		"    def __del__(self):\n"
		"        self.core.note(self.core.enable(self.core.ALL))\n"
		"        self.core.note(self.core.disable())\n"
		"        self.core.note(self.core.enabled())\n"
		"last = Last()\n");
	python_stop();
	ck_assert_uint_eq(pycore_note_count(), 3);
	ck_assert_int_eq(pycore_note(0), -EPERM);
	ck_assert_int_eq(pycore_note(1), -EPERM);
	ck_assert_int_eq(pycore_note(2), 0);
	ck_assert_int_eq(thread_count(), 1);
}
END_TEST

/* sys.monitoring that refuses to the last. */
START_TEST(finalised_although_events_stay)
{
	python_start_bare();
	py_exec("real = sys.monitoring.set_events\n"
		"broken = False\n"
		"def set_events(tool, bits):\n"
		"    if broken: raise ValueError\n"
		"    return real(tool, bits)\n"
		"sys.monitoring.set_events = set_events\n");
	set_poll_msec(POLL_MSEC);
	run_traced();
	py_exec("broken = True\n"
		"assert core.disable() == -5\n"
		"assert core.enabled() == core.ALL\n");
	python_stop();
	ck_assert_int_eq(thread_count(), 1);
}
END_TEST

/* An interpreter that shares the GIL. */
static PyThreadState *new_interpreter(void)
{
	PyThreadState *state = Py_NewInterpreter();

	ck_assert_ptr_nonnull(state);
	py_exec("import core, sys");
	return state;
}

START_TEST(two_interpreters)
{
	PyThreadState *first, *second;

	python_start();
	first = PyThreadState_Get();
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	second = new_interpreter();
	ck_assert_uint_eq(pyusdt_enabled(), 0);
	py_assert("sys.monitoring.get_tool(4) is None");
	ck_assert_int_eq(pyusdt_enable(PYUSDT_CALL | PYUSDT_PY_START), 0);
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("def in_second(): pass\n"
		"in_second()\n");
	PyThreadState_Swap(first);
	ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("def in_first(): pass\n"
		"in_first()\n");
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "in_first"), 1);
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "in_second"), 1);
	PyThreadState_Swap(second);
	Py_EndInterpreter(second);
	PyThreadState_Swap(first);
	ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_PY_START);
	py_exec("in_first()");
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "in_first"), 2);
	python_stop();
}
END_TEST

/* The watcher serves all; it is gone when the last is disarmed. */
START_TEST(one_watcher_for_all_interpreters)
{
	PyThreadState *first, *second;
	pid_t watcher;

	python_start();
	set_poll_msec(POLL_MSEC);
	first = PyThreadState_Get();
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	watcher = watcher_tid();
	second = new_interpreter();
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	ck_assert_int_eq(watcher_tid(), watcher);
	ck_assert_int_eq(thread_count(), 2);
	fake_watch(PYUSDT_LINE);
	py_exec("import time\n"
		"end = time.monotonic() + 30\n"
		"while not sys.monitoring.get_events(4):\n"
		"    assert time.monotonic() < end\n");
	PyThreadState_Swap(first);
	py_exec("import time\n"
		"end = time.monotonic() + 30\n"
		"while not sys.monitoring.get_events(4):\n"
		"    assert time.monotonic() < end\n");
	ck_assert_int_eq(pyusdt_disable(), 0);
	ck_assert_int_eq(watcher_tid(), watcher);
	PyThreadState_Swap(second);
	Py_EndInterpreter(second);
	PyThreadState_Swap(first);
	ck_assert_int_eq(watcher_tid(), 0);
	python_stop();
}
END_TEST

START_TEST(interpreters_that_come_and_go)
{
	PyThreadState *first;

	python_start();
	set_poll_msec(POLL_MSEC);
	first = PyThreadState_Get();
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	for (int i = 0; i < 20; i++) {
		PyThreadState *sub = new_interpreter();

		fake_watch(i % 2 ? 0 : PYUSDT_PY_START);
		ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
		py_exec("def f(): pass\n"
			"f()\n");
		Py_EndInterpreter(sub);
		PyThreadState_Swap(first);
	}
	ck_assert_uint_eq(pyusdt_enabled(), ALL_EVENTS);
	python_stop();
	ck_assert_int_eq(thread_count(), 1);
}
END_TEST

/* The code ids are the process's. */
START_TEST(ids_across_interpreters)
{
	PyThreadState *first, *second;
	uint64_t last = 0;

	python_start();
	first = PyThreadState_Get();
	fake_watch(PYUSDT_PY_START);
	run_traced();
	second = new_interpreter();
	run_traced();
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "traced"), 2);
	for (size_t i = 0; i < fake_count(); i++) {
		if (fake_record(i)->name[0] != 't')
			continue;
		ck_assert_uint_ne(fake_record(i)->id, last);
		last = fake_record(i)->id;
	}
	Py_EndInterpreter(second);
	PyThreadState_Swap(first);
	python_stop();
}
END_TEST

/* Interpreters with a GIL each, from Python; the module's name differs by version. */
START_TEST(interpreters_with_their_own_gil)
{
	python_start();
	py_run("lifecycle/interpreters_with_their_own_gil.py");
	ck_assert_uint_eq(pycore_note_count(), 3);
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "own"), 1500);
	ck_assert_int_eq(watcher_tid(), 0);
	python_stop();
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("lifecycle");

	tcase_add_test(tcase, finalised_while_armed);
	tcase_add_test(tcase, finalised_while_a_tracer_toggles);
	tcase_add_test(tcase, python_again_and_again);
	tcase_add_test(tcase, in_a_later_atexit_handler);
	tcase_add_test(tcase, in_an_earlier_atexit_handler);
	tcase_add_test(tcase, first_in_an_atexit_handler);
	tcase_add_test(tcase, in_a_finaliser_at_the_end);
	tcase_add_test(tcase, finalised_although_events_stay);
	tcase_add_test(tcase, two_interpreters);
	tcase_add_test(tcase, one_watcher_for_all_interpreters);
	tcase_add_test(tcase, interpreters_that_come_and_go);
	tcase_add_test(tcase, ids_across_interpreters);
	tcase_add_test(tcase, interpreters_with_their_own_gil);
	return support_main("lifecycle", tcase);
}
