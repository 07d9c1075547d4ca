// SPDX-License-Identifier: BSD-2-Clause
/* The thread that looks at the semaphores: when it is there, what it does, and forks. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pycore.h"
#include "support.h"

/* Long enough for no tick to happen by itself within a test. */
#define NEVER_MSEC 60000

static void setup(void)
{
	python_start();
	py_define_state();
	py_exec("import os, time\n"
		"def until(condition):\n"
		"    end = time.monotonic() + 30\n"
		"    while not condition(): assert time.monotonic() < end, 'in vain'\n");
}

static void teardown(void)
{
	python_stop();
	ck_assert_int_eq(watcher_tid(), 0);
}

static unsigned long long blocked_signals(pid_t tid)
{
	unsigned long long mask = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "SigBlk: %llx", &mask) == 1)
			break;
	fclose(file);
	return mask;
}

START_TEST(there_while_armed)
{
	set_poll_msec(NEVER_MSEC);
	ck_assert_int_eq(watcher_tid(), 0);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	ck_assert_int_ne(watcher_tid(), 0);
	ck_assert_int_ne(watcher_tid(), getpid());
	ck_assert_int_eq(thread_count(), 2);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	ck_assert_int_eq(thread_count(), 2);
	ck_assert_int_eq(pyusdt_disable(), 0);
	ck_assert_int_eq(watcher_tid(), 0);
	ck_assert_int_eq(thread_count(), 1);
}
END_TEST

START_TEST(not_there_after_an_error)
{
	set_poll_msec(NEVER_MSEC);
	fake_watch(ALL_EVENTS);
	py_exec("hook(REGISTER, 2)");
	ck_assert_int_lt(pyusdt_enable(ALL_EVENTS), 0);
	ck_assert_int_eq(thread_count(), 1);
}
END_TEST

START_TEST(not_there_without_an_interval)
{
	set_poll_msec(0);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	ck_assert_int_eq(thread_count(), 1);
	ck_assert_uint_eq(pyusdt_enabled(), ALL_EVENTS);
}
END_TEST

/* All but SIGKILL, SIGSTOP, the two that glibc keeps for itself, and valgrind's one. */
START_TEST(no_signal_reaches_it)
{
	const unsigned long long unblockable = 1ULL << (SIGKILL - 1) |
					       1ULL << (SIGSTOP - 1) | 1ULL << 31 |
					       1ULL << 32 | 1ULL << 63;
	unsigned long long mine = blocked_signals(getpid());

	set_poll_msec(NEVER_MSEC);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	ck_assert_uint_eq(blocked_signals(watcher_tid()) | unblockable, ~0ULL);
	/* The program's own mask is as it was. */
	ck_assert_uint_eq(blocked_signals(getpid()), mine);
}
END_TEST

START_TEST(instruments_while_python_runs)
{
	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_exec("for name in core.NAMES:\n"
		"    if not getattr(core, name) & core.ALL: continue\n"
		"    core.watch(getattr(core, name))\n"
		"    until(lambda: events(4) == needed(name)[0])\n"
		"core.watch(0)\n"
		"until(lambda: events(4) == set())\n"
		"until(lambda: registered(4) == set())\n");
}
END_TEST

static bool is_noted(void)
{
	return pycore_note_count() > 0;
}

/* The main thread is away, in C: an audit hook tells that the watcher has been at it. */
START_TEST(instruments_while_the_gil_is_free)
{
	PyThreadState *state;

	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	py_exec("import threading\n"
		"def told(event, arguments):\n"
		"    if event == REGISTER: core.note(threading.get_native_id())\n"
		"sys.addaudithook(told)\n");
	state = PyEval_SaveThread();
	fake_watch(PYUSDT_LINE);
	ck_assert(wait_until(is_noted));
	PyEval_RestoreThread(state);
	ck_assert_int_eq(pycore_note(0), watcher_tid());
	py_exec("until(lambda: events(4) == {'LINE'})");
}
END_TEST

/* The hook runs in the watcher, whose change it is within. */
START_TEST(called_from_an_audit_hook_in_the_watcher)
{
	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	py_exec("results = []\n"
		"def nested(event, arguments):\n"
		"    if event == REGISTER and not results:\n"
		"        results.extend((core.disable(), core.enable(core.CALL),\n"
		"            core.poll()))\n"
		"sys.addaudithook(nested)\n"
		"core.watch(core.LINE)\n"
		"until(lambda: events(4) == {'LINE'})\n"
		"same(results, [-EDEADLK] * 3)\n");
}
END_TEST

/* What a hook refused once is tried again, though no semaphore has changed. */
START_TEST(tries_again)
{
	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	py_exec("hook(REGISTER, 1)\n"
		"core.watch(core.LINE)\n"
		"until(lambda: countdown[REGISTER] <= 0)\n"
		"until(lambda: events(4) == {'LINE'})\n");
}
END_TEST

/* No tick comes in time: only the change itself can have woken it. */
START_TEST(a_shorter_interval_wakes_it)
{
	pid_t watcher;

	set_poll_msec(NEVER_MSEC);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	watcher = watcher_tid();
	fake_watch(PYUSDT_LINE);
	set_poll_msec(1);
	ck_assert_int_eq(watcher_tid(), watcher);
	py_exec("until(lambda: events(4) == {'LINE'})");
}
END_TEST

START_TEST(the_interval_becomes_zero_and_back)
{
	set_poll_msec(NEVER_MSEC);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	for (int i = 0; i < 20; i++) {
		set_poll_msec(0);
		ck_assert_int_eq(thread_count(), 1);
		ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_LINE);
		set_poll_msec(NEVER_MSEC);
		ck_assert_int_ne(watcher_tid(), 0);
	}
}
END_TEST

/* An end asked for does not wait for the tick. */
START_TEST(ends_at_once)
{
	set_poll_msec(NEVER_MSEC);
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
		ck_assert_int_eq(pyusdt_disable(), 0);
	}
	ck_assert_int_eq(thread_count(), 1);
}
END_TEST

/* It may be waiting for the very GIL that the thread that ends it has. */
START_TEST(ends_while_it_wants_the_gil)
{
	set_poll_msec(1);
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
		fake_watch(i % 2 ? PYUSDT_LINE : 0);
		py_exec("for i in range(2000): pass");
		ck_assert_int_eq(pyusdt_disable(), 0);
	}
}
END_TEST

START_TEST(from_the_environment)
{
	setenv("PYUSDT_CHECK_MSEC", _i ? "1" : "0", 1);
	python_start_bare();
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	ck_assert_int_eq(watcher_tid() != 0, _i);
	python_stop();
}
END_TEST

/* CPython warns of threads: a program without any must not see that. */
START_TEST(fork_without_a_warning)
{
	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_run("watcher/fork_without_a_warning.py");
}
END_TEST

START_TEST(the_child_has_a_watcher_of_its_own)
{
	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_run("watcher/the_child_has_a_watcher_of_its_own.py");
}
END_TEST

/* What the program itself noticed between two ticks is gone at the second one. */
START_TEST(a_tracer_of_a_moment)
{
	set_poll_msec(20);
	py_exec("def nothing(): return not events(4)\n"
		"same(core.enable(core.ALL), 0)\n"
		"for i in range(5):\n"
		"    core.watch(core.PY_START)\n"
		"    assert core.poll() >= 0\n"
		"    assert not nothing()\n"
		"    core.watch(0)\n"
		"    until(nothing)\n");
}
END_TEST

/* Handlers that were registered first are called last: when the watcher is gone. */
START_TEST(a_tracer_detaches_during_a_fork)
{
	py_run("watcher/a_tracer_detaches_during_a_fork.py");
}
END_TEST

/*
 * A program that forks all the time has a watcher only for moments: each of them looks.
 * No tick comes by itself here. The child has what there was to be seen before the fork.
 */
START_TEST(forks_look_for_tracers)
{
	set_poll_msec(NEVER_MSEC);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_exec("def in_child(want):\n"
		"    child = os.fork()\n"
		"    if not child: os._exit(events(4) == want)\n"
		"    same(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 1)\n"
		"core.watch(core.LINE)\n"
		"in_child({'LINE'})\n"
		"same(events(4), {'LINE'})\n");
}
END_TEST

/* Not at each fork, though: CPython can count only so many changes. */
START_TEST(forks_notice_that_a_tracer_left)
{
	set_poll_msec(NEVER_MSEC);
	fake_watch(PYUSDT_LINE);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_exec("def is_set_in_child():\n"
		"    child = os.fork()\n"
		"    if not child: os._exit(bool(events(4)))\n"
		"    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
		"same(is_set_in_child(), 1)\n"
		"core.watch(0)\n"
		"until(lambda: not is_set_in_child())\n"
		"same(events(4), set())\n");
}
END_TEST

/* What comes between the handlers and the fork is seen by the child's own watcher. */
START_TEST(a_tracer_attaches_during_a_fork)
{
	py_exec("os.register_at_fork(before=lambda: core.watch(core.PY_START))\n"
		"def is_set(): return events(4) == {'PY_START'}\n");
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	set_poll_msec(NEVER_MSEC);
	py_exec("child = os.fork()\n"
		"if not child:\n"
		"    until(is_set)\n"
		"    os._exit(0)\n"
		"until(is_set)\n"
		"same(os.waitpid(child, 0)[1], 0)\n");
}
END_TEST

static PyObject *layouts(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyLong_FromSize_t(fake_layout_count());
}

/* To a tracer the child is another process, which has told it nothing. */
START_TEST(the_child_announces_at_once)
{
	static PyMethodDef methods[] = {
		{"layouts", layouts, METH_NOARGS, NULL},
		{NULL, NULL, 0, NULL},
	};

	ck_assert_int_eq(PyModule_AddFunctions(PyImport_AddModule("core"), methods), 0);
	set_poll_msec(NEVER_MSEC);
	fake_watch(PYUSDT_LAYOUT);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LAYOUT), 0);
	py_exec("before = core.layouts()\n"
		"assert before\n"
		"child = os.fork()\n"
		"if not child:\n"
		"    until(lambda: core.layouts() > before)\n"
		"    os._exit(0)\n"
		"same(os.waitpid(child, 0)[1], 0)\n");
}
END_TEST

/* A grandchild, whose parent never ran Python in between. */
START_TEST(forks_of_forks)
{
	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_run("watcher/forks_of_forks.py");
}
END_TEST

START_TEST(fork_with_other_threads)
{
	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_run("watcher/fork_with_other_threads.py");
}
END_TEST

/* From a thread that is not the main one: CPython runs pending calls in that. */
START_TEST(fork_from_another_thread)
{
	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_run("watcher/fork_from_another_thread.py");
}
END_TEST

/* What an embedder does that forks in C and goes on with Python in the child. */
START_TEST(fork_in_c_as_an_embedder)
{
	pid_t child;

	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	PyOS_BeforeFork();
	child = fork();
	if (!child) {
		PyOS_AfterFork_Child();
		py_exec("until(core.watcher)");
		_exit(pyusdt_disable() || watcher_tid());
	}
	PyOS_AfterFork_Parent();
	ck_assert_int_eq(wait_for(child), 0);
	py_exec("until(core.watcher)");
}
END_TEST

/*
 * CPython is not told: no lock of ours may be left taken, and what is armed can be
 * disarmed. Only while nobody waits for the GIL: CPython's own lock would be left taken.
 */
START_TEST(fork_in_c_untold)
{
	set_poll_msec(NEVER_MSEC);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	for (int i = 0; i < 50; i++) {
		pid_t child;

		fake_watch(i % 2 ? PYUSDT_LINE : 0);
		child = fork();
		if (!child) {
			alarm(30);
			if (pyusdt_poll() < 0 || pyusdt_disable() || pyusdt_enabled())
				_exit(1);
			if (pyusdt_enable(PYUSDT_CALL) || !watcher_tid())
				_exit(2);
			_exit(pyusdt_disable() ? 3 : 0);
		}
		ck_assert_int_eq(wait_for(child), 0);
	}
	ck_assert_int_ne(watcher_tid(), 0);
}
END_TEST

START_TEST(fork_when_nothing_is_armed)
{
	set_poll_msec(1);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	ck_assert_int_eq(pyusdt_disable(), 0);
	py_exec("child = os.fork()\n"
		"if not child: os._exit(1 if core.watcher() else 8)\n"
		"same(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 8)\n"
		"same(core.watcher(), 0)\n"
		"same(core.enable(core.ALL), 0)\n"
		"assert core.watcher()\n");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("watcher");
	TCase *bare = tcase_create("from the environment");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, there_while_armed);
	tcase_add_test(tcase, not_there_after_an_error);
	tcase_add_test(tcase, not_there_without_an_interval);
	tcase_add_test(tcase, no_signal_reaches_it);
	tcase_add_test(tcase, instruments_while_python_runs);
	tcase_add_test(tcase, instruments_while_the_gil_is_free);
	tcase_add_test(tcase, called_from_an_audit_hook_in_the_watcher);
	tcase_add_test(tcase, tries_again);
	tcase_add_test(tcase, a_shorter_interval_wakes_it);
	tcase_add_test(tcase, the_interval_becomes_zero_and_back);
	tcase_add_test(tcase, ends_at_once);
	tcase_add_test(tcase, ends_while_it_wants_the_gil);
	tcase_add_test(tcase, fork_without_a_warning);
	tcase_add_test(tcase, the_child_has_a_watcher_of_its_own);
	tcase_add_test(tcase, a_tracer_of_a_moment);
	tcase_add_test(tcase, a_tracer_detaches_during_a_fork);
	tcase_add_test(tcase, forks_look_for_tracers);
	tcase_add_test(tcase, forks_notice_that_a_tracer_left);
	tcase_add_test(tcase, a_tracer_attaches_during_a_fork);
	tcase_add_test(tcase, the_child_announces_at_once);
	tcase_add_test(tcase, forks_of_forks);
	tcase_add_test(tcase, fork_with_other_threads);
	tcase_add_test(tcase, fork_from_another_thread);
	tcase_add_test(tcase, fork_in_c_as_an_embedder);
	tcase_add_test(tcase, fork_in_c_untold);
	tcase_add_test(tcase, fork_when_nothing_is_armed);
	tcase_add_loop_test(bare, from_the_environment, 0, 2);
	return support_main("watcher", tcase, bare);
}
