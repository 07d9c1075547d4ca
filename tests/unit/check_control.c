// SPDX-License-Identifier: BSD-2-Clause
/* Which events are set when: arming, tracers that come and go, errors that change
 * nothing. */
#include <errno.h>
#include <stdio.h>

#include "support.h"

static void setup(void)
{
	python_start();
	py_define_state();
}

static void teardown(void)
{
	python_stop();
}

START_TEST(arming_without_a_tracer_sets_nothing)
{
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	ck_assert_uint_eq(pyusdt_enabled(), ALL_EVENTS);
	ck_assert_uint_eq(pyusdt_active(), 0);
	py_exec("same((events(4), registered(4)), (set(), set()))\n"
		"def f(): return [i for i in range(3)]\n"
		"f()\n");
	ck_assert_int_eq(pyusdt_poll(), 0);
	ck_assert_uint_eq(fake_count(), 0);
	py_assert("M.get_tool(4) == 'pyusdt'");
	ck_assert_int_eq(pyusdt_disable(), 0);
	ck_assert_uint_eq(pyusdt_enabled(), 0);
	py_assert("M.get_tool(4) is None");
}
END_TEST

START_TEST(a_tracer_instruments_its_own_event_only)
{
	ck_assert_int_eq(pyusdt_enable(supported_events()), 0);
	for (int i = 0; i < MONITOR_COUNT; i++) {
		char source[80];

		if (!(supported_events() & event_bit(i)))
			continue;
		fake_watch(event_bit(i));
		ck_assert_uint_eq(pyusdt_active(), event_bit(i));
		ck_assert_int_eq(pyusdt_poll(), 1);
		ck_assert_int_eq(pyusdt_poll(), 0);
		snprintf(source, sizeof(source),
			 "same((events(4), registered(4)), needed('%s'))", event_name(i));
		py_exec(source);
		fake_watch(0);
		ck_assert_int_eq(pyusdt_poll(), 1);
		ck_assert_int_eq(pyusdt_poll(), 0);
		py_exec("same((events(4), registered(4)), (set(), set()))");
	}
}
END_TEST

START_TEST(a_tracer_that_is_there_already)
{
	fake_watch(PYUSDT_PY_START | PYUSDT_LINE);
	ck_assert_int_eq(pyusdt_poll(), 0);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START | PYUSDT_CALL), 0);
	ck_assert_uint_eq(pyusdt_active(), PYUSDT_PY_START);
	py_exec("same(events(4), {'PY_START'})\n"
		"def first(): pass\n"
		"first()\n");
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "first"), 1);
	ck_assert_uint_eq(fake_count_of(EVENT_LINE, "first"), 0);
}
END_TEST

START_TEST(enable_replaces_what_was_armed)
{
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	py_exec("same(events(4), {'LINE'})");
	ck_assert_int_eq(pyusdt_enable(PYUSDT_CALL | PYUSDT_PY_YIELD), 0);
	ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_CALL | PYUSDT_PY_YIELD);
	py_exec("same((events(4), registered(4)), ({'CALL', 'PY_YIELD'},) * 2)");
	ck_assert_int_eq(pyusdt_enable(PYUSDT_CALL | PYUSDT_PY_YIELD), 0);
	py_exec("same(sum(M.get_tool(i) is not None for i in range(6)), 1)");
}
END_TEST

START_TEST(disable_is_complete_and_repeatable)
{
	ck_assert_int_eq(pyusdt_disable(), 0);
	py_exec("before = state()");
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	ck_assert_int_eq(pyusdt_disable(), 0);
	ck_assert_int_eq(pyusdt_disable(), 0);
	fake_clear();
	py_exec("def f(): pass\n"
		"f()\n"
		"same(state(), before)\n");
	ck_assert_int_eq(pyusdt_poll(), 0);
	ck_assert_uint_eq(fake_count(), 0);
}
END_TEST

START_TEST(tool_ids)
{
	py_exec("M.use_tool_id(4, 'other')");
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	py_exec("same((M.get_tool(4), M.get_tool(3)), ('other', 'pyusdt'))");
	ck_assert_int_eq(pyusdt_disable(), 0);
	py_exec("for i in (0, 1, 2, 3, 5): M.use_tool_id(i, 'another')\n"
		"before = state()\n");
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), -EBUSY);
	ck_assert_uint_eq(pyusdt_enabled(), 0);
	py_exec("same(state(), before)\n"
		"M.free_tool_id(2)\n");
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	py_exec("same(M.get_tool(2), 'pyusdt')");
}
END_TEST

START_TEST(a_configured_tool_id)
{
	py_exec("M.use_tool_id(1, 'coverage')");
	set_options(0, PYUSDT_VALUES_SAFE, 256, 1);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), -EBUSY);
	set_options(0, PYUSDT_VALUES_SAFE, 256, 5);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	py_exec("same(M.get_tool(5), 'pyusdt')\n"
		"same(M.get_tool(1), 'coverage')\n");
}
END_TEST

START_TEST(the_tool_id_stays_while_armed)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	pyusdt_options_get(&options);
	options.tool_id = 3;
	options.value_max = 64;
	ck_assert_int_eq(pyusdt_configure(&options), -EBUSY);
	pyusdt_options_get(&options);
	ck_assert_int_eq(options.tool_id, -1);
	ck_assert_uint_eq(options.value_max, 256);
	options.value_max = 64;
	ck_assert_int_eq(pyusdt_configure(&options), 0);
	ck_assert_int_eq(pyusdt_disable(), 0);
	options.tool_id = 3;
	ck_assert_int_eq(pyusdt_configure(&options), 0);
}
END_TEST

/* An audit hook refuses the first, the second ... callback. */
START_TEST(rollback_of_a_first_enable)
{
	fake_watch(ALL_EVENTS);
	py_exec("before = state()\n"
		"for number in range(1, len(EVENTS) + 1):\n"
		"    hook(REGISTER, number)\n"
		"    same(core.enable(core.ALL), -EIO)\n"
		"    countdown.clear()\n"
		"    same(core.active(), 0)\n"
		"    same(state(), before)\n"
		"same(core.enable(core.ALL), 0)\n"
		"same((events(4), registered(4)), needed(*EVENTS))\n");
}
END_TEST

START_TEST(rollback_of_a_further_enable)
{
	fake_watch(PYUSDT_LINE | PYUSDT_CALL | PYUSDT_PY_YIELD);
	py_exec("same(core.enable(core.LINE), 0)\n"
		"before = state()\n"
		"for number in (1, 2):\n"
		"    hook(REGISTER, number)\n"
		"    same(core.enable(core.ALL), -EIO)\n"
		"    countdown.clear()\n"
		"    same(state(), before)\n"
		"same(core.enable(core.ALL), 0)\n"
		"same(core.enabled(), core.ALL)\n");
}
END_TEST

START_TEST(rollback_of_a_poll)
{
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	fake_watch(PYUSDT_LINE | PYUSDT_CALL);
	py_exec("before = state()\n"
		"for number in (1, 2):\n"
		"    hook(REGISTER, number)\n"
		"    same(core.poll(), -EIO)\n"
		"    countdown.clear()\n"
		"    same(state(), before)\n"
		"same(core.poll(), 1)\n"
		"same(events(4), {'LINE', 'CALL'})\n");
}
END_TEST

/* What cannot be unregistered is never called: its event is off. */
START_TEST(disable_in_spite_of_a_hook)
{
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_exec("hook(REGISTER, 1)\n"
		"same(core.disable(), 0)\n"
		"same((M.get_tool(4), core.enabled()), (None, 0))\n"
		"assert not countdown[REGISTER] > 0\n");
	fake_clear();
	py_exec("def f(): pass\n"
		"f()\n");
	ck_assert_uint_eq(fake_count(), 0);
}
END_TEST

/* Events that every scope has, and those of garbage collection. */
#define LOSABLE \
	(PYUSDT_PY_START | PYUSDT_IMPORT_START | PYUSDT_THREAD_START | PYUSDT_GC_START)

/* The program freed it, and nobody has it: all is as before. */
START_TEST(a_freed_tool_id_is_taken_again)
{
	fake_watch(LOSABLE);
	ck_assert_int_eq(pyusdt_enable(LOSABLE), 0);
	py_run("control/a_freed_tool_id_is_taken_again.py");
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "f"), 1);
}
END_TEST

/* What CPython keeps of a tool's when its id is freed is none of the next one's. */
START_TEST(a_freed_tool_id_is_left_clean)
{
	fake_watch(LOSABLE);
	py_exec("import threading\n");
	ck_assert_int_eq(pyusdt_enable(LOSABLE), 0);
	py_exec("M.free_tool_id(4)\n"
		"same((core.disable(), core.enabled()), (0, 0))\n"
		"same(M.get_tool(4), None)\n"
		"M.use_tool_id(4, 'next')\n"
		"same(one(4), ('next', set(), set(), [set(), set()]))\n"
		"same(gc.callbacks, [])\n");
}
END_TEST

START_TEST(a_freed_tool_id_when_the_tracer_leaves)
{
	fake_watch(LOSABLE);
	ck_assert_int_eq(pyusdt_enable(LOSABLE), 0);
	set_poll_msec(1);
	py_exec("import time\n"
		"M.free_tool_id(4)\n"
		"core.watch(0)\n"
		"end = time.monotonic() + 30\n"
		"while M.get_tool(4) != 'pyusdt' or events(4):\n"
		"    assert time.monotonic() < end\n"
		"same(core.poll(), 0)\n" /* its turn is over */
		"same(one(4)[:3], ('pyusdt', set(), set()))\n");
}
END_TEST

/* Another tool has it now, and all that is set there: that is not ours to touch. */
START_TEST(a_tool_id_lost_to_another)
{
	fake_watch(PYUSDT_LINE);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_exec("M.free_tool_id(4)\n"
		"M.use_tool_id(4, 'other')\n"
		"for bit in EVENTS.values(): M.register_callback(4, bit, None)\n"
		"M.register_callback(4, E.CALL, print)\n"
		"M.set_events(4, E.PY_RETURN)\n"
		"theirs = one(4)\n");
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("same(one(4), theirs)\n"
		"same(one(3)[:3], ('pyusdt', {'LINE'}, {'LINE'}))\n"
		"same(core.enabled(), core.ALL)\n"
		"same(core.disable(), 0)\n"
		"same((one(4), M.get_tool(3)), (theirs, None))\n");
}
END_TEST

/* Where it took no notice of the callbacks that CPython left there, those tell nothing.
 */
START_TEST(a_lost_tool_id_tells_nothing)
{
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	py_exec("def f(): pass\n"
		"M.free_tool_id(4)\n"
		"M.use_tool_id(4, 'other')\n"
		"M.set_events(4, E.PY_START)\n"
		"same(core.poll(), 1)\n"
		"same(M.get_tool(3), 'pyusdt')\n"
		"core.clear()\n"
		"f()\n");
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "f"), 1);
	py_exec("same(core.disable(), 0)\n"
		"core.clear()\n"
		"f()\n");
	ck_assert_uint_eq(fake_count(), 0);
}
END_TEST

START_TEST(a_lost_tool_id_and_none_free)
{
	fake_watch(PYUSDT_LINE);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE | PYUSDT_GC_START), 0);
	py_run("control/a_lost_tool_id_and_none_free.py");
}
END_TEST

START_TEST(a_lost_tool_id_without_events)
{
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_exec("M.free_tool_id(4)\n"
		"M.use_tool_id(4, 'other')\n"
		"same(core.disable(), 0)\n"
		"same(M.get_tool(4), 'other')\n"
		"same(core.enable(core.LINE), 0)\n"
		"same((M.get_tool(4), M.get_tool(3)), ('other', 'pyusdt'))\n");
}
END_TEST

/* Reference counts, tool ids, threads: all as before. */
START_TEST(a_thousand_times)
{
	fake_watch(ALL_EVENTS);
	set_poll_msec(60000);
	py_run("control/a_thousand_times.py");
	ck_assert_int_eq(thread_count(), 1);
	ck_assert_uint_gt(fake_count_of(EVENT_PY_YIELD, "g"), 1000);
}
END_TEST

/* Many tracers' comings and goings do not wear anything out. */
START_TEST(toggled_a_thousand_times)
{
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_exec("def f(): return 1\n"
		"for i in range(1000):\n"
		"    core.watch(core.PY_RETURN)\n"
		"    same(core.poll(), 1)\n"
		"    f()\n"
		"    core.watch(0)\n"
		"    same(core.poll(), 1)\n"
		"    f()\n");
	ck_assert_uint_eq(fake_count_of(EVENT_PY_RETURN, "f"), 1000);
}
END_TEST

START_TEST(from_within_an_audit_hook)
{
	fake_watch(PYUSDT_LINE);
	py_run("control/from_within_an_audit_hook.py");
}
END_TEST

/* Another thread that comes in the middle waits, and is then served. */
START_TEST(from_two_threads)
{
	fake_watch(PYUSDT_LINE);
	py_run("control/from_two_threads.py");
}
END_TEST

static bool is_single_threaded(void)
{
	return thread_count() == 1;
}

START_TEST(many_threads)
{
	fake_watch(ALL_EVENTS);
	set_poll_msec(1);
	py_run("control/many_threads.py");
	/* Python joins a thread a moment before the kernel takes it out of /proc. */
	ck_assert(wait_until(is_single_threaded));
}
END_TEST

/* What the library needs of atexit and os can be refused too. */
static const struct {
	const char *break_it;
	int error;
} refusals[] = {
	{"atexit.register = refuse(OSError)", -EIO},
	{"atexit.register = refuse(MemoryError)", -ENOMEM},
	{"posix.register_at_fork = refuse(OSError)", -EIO},
	{"posix.register_at_fork = refuse(MemoryError)", -ENOMEM},
	{"del posix.register_at_fork", -EIO},
	{"sys.modules['atexit'] = None", -EIO},
};

START_TEST(refused_handlers)
{
	py_exec("import atexit, posix\n"
		"kept = atexit.register, posix.register_at_fork\n"
		"before = state()\n"
		"def refuse(exception):\n"
		"    def refused(*a, **k): raise exception\n"
		"    return refused\n");
	py_exec(refusals[_i].break_it);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), refusals[_i].error);
	py_exec("same(state(), before)\n"
		"sys.modules['atexit'] = atexit\n"
		"atexit.register, posix.register_at_fork = kept\n");
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("control");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, arming_without_a_tracer_sets_nothing);
	tcase_add_test(tcase, a_tracer_instruments_its_own_event_only);
	tcase_add_test(tcase, a_tracer_that_is_there_already);
	tcase_add_test(tcase, enable_replaces_what_was_armed);
	tcase_add_test(tcase, disable_is_complete_and_repeatable);
	tcase_add_test(tcase, tool_ids);
	tcase_add_test(tcase, a_configured_tool_id);
	tcase_add_test(tcase, the_tool_id_stays_while_armed);
	tcase_add_test(tcase, rollback_of_a_first_enable);
	tcase_add_test(tcase, rollback_of_a_further_enable);
	tcase_add_test(tcase, rollback_of_a_poll);
	tcase_add_test(tcase, disable_in_spite_of_a_hook);
	tcase_add_test(tcase, a_freed_tool_id_is_taken_again);
	tcase_add_test(tcase, a_freed_tool_id_is_left_clean);
	tcase_add_test(tcase, a_freed_tool_id_when_the_tracer_leaves);
	tcase_add_test(tcase, a_tool_id_lost_to_another);
	tcase_add_test(tcase, a_lost_tool_id_tells_nothing);
	tcase_add_test(tcase, a_lost_tool_id_and_none_free);
	tcase_add_test(tcase, a_lost_tool_id_without_events);
	tcase_add_test(tcase, a_thousand_times);
	tcase_add_test(tcase, toggled_a_thousand_times);
	tcase_add_test(tcase, from_within_an_audit_hook);
	tcase_add_test(tcase, from_two_threads);
	tcase_add_test(tcase, many_threads);
	tcase_add_loop_test(tcase, refused_handlers, 0, ARRAY_SIZE(refusals));
	return support_main("control", tcase);
}
