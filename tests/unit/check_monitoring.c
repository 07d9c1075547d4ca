// SPDX-License-Identifier: BSD-2-Clause
/* sys.monitoring by itself: tool ids, and all or nothing. */
#include <errno.h>
#include <stdio.h>

#include "monitoring.h"
#include "support.h"

#define ALL_MONITORS ((monitor_set)0x3f)

static struct monitoring monitoring;

/* Python callables in place of our callbacks. */
static void init(void)
{
	ck_assert_int_eq(monitoring_init(&monitoring), 0);
	for (int i = 0; i < MONITOR_COUNT; i++)
		monitoring.callbacks[i] = py_eval("lambda *arguments: None");
}

static void setup(void)
{
	python_start();
	py_define_state();
}

static void teardown(void)
{
	monitoring_clear(&monitoring);
	python_stop();
}

START_TEST(takes_nothing_by_itself)
{
	py_exec("before = state()");
	init();
	ck_assert_int_eq(monitoring.tool_id, -1);
	ck_assert_uint_eq(monitoring.events, 0);
	ck_assert_uint_eq(monitoring_supported(&monitoring), ALL_MONITORS);
	py_exec("same(state(), before)");
}
END_TEST

START_TEST(bits_are_those_of_this_python)
{
	init();
	for (int i = 0; i < MONITOR_COUNT; i++) {
		char expression[64];

		snprintf(expression, sizeof(expression), "E.%s", event_name(i));
		ck_assert_int_eq(monitoring.bits[i], py_long(expression));
	}
}
END_TEST

START_TEST(order_of_tool_ids)
{
	static const int order[] = {4, 3, 5, 1, 0, 2};

	init();
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		char source[64];

		ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
		ck_assert_int_eq(monitoring.tool_id, order[i]);
		monitoring_release_tool(&monitoring);
		ck_assert_int_eq(monitoring.tool_id, -1);
		snprintf(source, sizeof(source),
			 "assert not M.get_tool(%d); M.use_tool_id(%d, 'other')",
			 order[i], order[i]);
		py_exec(source);
	}
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), -EBUSY);
	ck_assert_int_eq(monitoring.tool_id, -1);
	py_exec("same([M.get_tool(i) for i in range(6)], ['other'] * 6)");
}
END_TEST

START_TEST(a_wanted_tool_id)
{
	init();
	py_exec("M.use_tool_id(2, 'profiler')");
	ck_assert_int_eq(monitoring_take_tool(&monitoring, 2), -EBUSY);
	ck_assert_int_eq(monitoring.tool_id, -1);
	ck_assert_int_eq(monitoring_take_tool(&monitoring, 0), 0);
	ck_assert_int_eq(monitoring.tool_id, 0);
	py_exec("same(M.get_tool(0), 'pyusdt')\n"
		"same(M.get_tool(2), 'profiler')\n");
	monitoring_release_tool(&monitoring);
	py_exec("same(M.get_tool(0), None)");
}
END_TEST

/* Another copy of ourselves is another tool. */
START_TEST(a_tool_of_our_name_is_not_ours)
{
	init();
	py_exec("M.use_tool_id(4, 'pyusdt')");
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	ck_assert_int_eq(monitoring.tool_id, 3);
	monitoring_release_tool(&monitoring);
	py_exec("same(M.get_tool(4), 'pyusdt')");
}
END_TEST

/* Every set of events to every other. */
START_TEST(exactly_the_wanted_events)
{
	init();
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	py_exec("def is_set(mask):\n"
		"    want = {n for i, n in enumerate(EVENTS) if mask & 1 << i}\n"
		"    same(events(4), want)\n"
		"    same(registered(4), want)\n");
	for (monitor_set from = 0; from <= ALL_MONITORS; from += 3) {
		for (monitor_set to = 0; to <= ALL_MONITORS; to++) {
			char source[32];

			monitoring_set(&monitoring, from);
			ck_assert_int_eq(monitoring_set(&monitoring, to), from != to);
			ck_assert_uint_eq(monitoring.events, to);
			ck_assert_int_eq(monitoring_set(&monitoring, to), 0);
			snprintf(source, sizeof(source), "is_set(%u)", to);
			py_exec(source);
		}
	}
	ck_assert_int_ge(monitoring_set(&monitoring, 0), 0);
	monitoring_release_tool(&monitoring);
	py_exec("same(state()[4], (None, set(), set()))");
}
END_TEST

/* An audit hook refuses the first, the second ... of the callbacks. */
START_TEST(rollback_of_registration)
{
	static const monitor_set befores[] = {0, MONITOR(CALL),
					      MONITOR(CALL) | MONITOR(LINE)};

	init();
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(befores); i++) {
		int added = MONITOR_COUNT - (int)i;

		ck_assert_int_ge(monitoring_set(&monitoring, befores[i]), 0);
		py_exec("before = state()");
		for (int number = 1; number <= added; number++) {
			char source[64];

			snprintf(source, sizeof(source), "hook(REGISTER, %d)", number);
			py_exec(source);
			ck_assert_int_eq(monitoring_set(&monitoring, ALL_MONITORS), -EIO);
			ck_assert_ptr_null(PyErr_Occurred());
			ck_assert_uint_eq(monitoring.events, befores[i]);
			py_exec("countdown.clear(); same(state(), before)");
		}
	}
	ck_assert_int_eq(monitoring_set(&monitoring, ALL_MONITORS), 1);
	ck_assert_int_eq(monitoring_set(&monitoring, 0), 1);
	monitoring_release_tool(&monitoring);
}
END_TEST

START_TEST(rollback_of_setting)
{
	py_exec("real_set = M.set_events\n"
		"broken = False\n"
		"def set_events(tool, bits):\n"
		"    if broken: raise broken\n"
		"    return real_set(tool, bits)\n"
		"M.set_events = set_events\n");
	init();
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	ck_assert_int_eq(monitoring_set(&monitoring, MONITOR(LINE)), 1);
	py_exec("before = state(); broken = ValueError('set_events')");
	ck_assert_int_eq(monitoring_set(&monitoring, MONITOR(CALL)), -EIO);
	ck_assert_int_eq(monitoring_set(&monitoring, ALL_MONITORS), -EIO);
	ck_assert_int_eq(monitoring_set(&monitoring, 0), -EIO);
	py_exec("broken = MemoryError()");
	ck_assert_int_eq(monitoring_set(&monitoring, 0), -ENOMEM);
	ck_assert_ptr_null(PyErr_Occurred());
	ck_assert_uint_eq(monitoring.events, MONITOR(LINE));
	py_exec("same(state(), before); broken = False");
	ck_assert_int_eq(monitoring_set(&monitoring, MONITOR(CALL)), 1);
	py_exec("same((events(4), registered(4)), ({'CALL'}, {'CALL'}))");
	ck_assert_int_eq(monitoring_set(&monitoring, 0), 1);
	monitoring_release_tool(&monitoring);
}
END_TEST

START_TEST(replaced_functions_do_not_matter)
{
	init();
	py_exec("for name in ('use_tool_id', 'free_tool_id', 'get_tool', 'set_events',\n"
		"             'register_callback'):\n"
		"    setattr(M, name, None)\n"
		"get_events = M.get_events\n");
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	ck_assert_int_eq(monitoring_set(&monitoring, MONITOR(LINE)), 1);
	py_assert("get_events(4) == E.LINE");
	ck_assert_int_eq(monitoring_set(&monitoring, 0), 1);
	monitoring_release_tool(&monitoring);
}
END_TEST

/* The program gave our tool id away: its new owner is none of our business. */
START_TEST(a_lost_tool_id)
{
	init();
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	ck_assert_int_eq(monitoring_set(&monitoring, MONITOR(LINE)), 1);
	py_exec("M.free_tool_id(4)");
	ck_assert_int_eq(monitoring_set(&monitoring, 0), -EIO);
	py_exec("M.use_tool_id(4, 'other')\n"
		"theirs = lambda *arguments: None\n"
		"for bit in EVENTS.values(): M.register_callback(4, bit, None)\n"
		"M.register_callback(4, E.LINE, theirs)\n"
		"M.set_events(4, E.LINE | E.CALL)\n"
		"before = state()\n");
	ck_assert_int_eq(monitoring_set(&monitoring, 0), -EIO);
	ck_assert_int_eq(monitoring_set(&monitoring, ALL_MONITORS), -EIO);
	monitoring_release_tool(&monitoring);
	ck_assert_int_eq(monitoring.tool_id, -1);
	py_exec("same(state(), before)\n"
		"assert M.register_callback(4, E.LINE, None) is theirs\n");
}
END_TEST

static const struct {
	const char *change;
	int error;
	monitor_set supported;
} lacking[] = {
	{"del sys.monitoring", -ENOTSUP, 0},
	{"del sys.monitoring.events", -ENOTSUP, 0},
	{"del sys.monitoring.set_events", -ENOTSUP, 0},
	{"del sys.monitoring.get_tool", -ENOTSUP, 0},
	{"import types\n"
	 "sys.monitoring.events = types.SimpleNamespace(LINE=E.LINE, CALL=E.CALL)\n",
	 0, MONITOR(LINE) | MONITOR(CALL)},
	{"import types\nsys.monitoring.events = types.SimpleNamespace(LINE='x')\n", -EIO,
	 0},
};

START_TEST(what_is_lacking)
{
	py_exec(lacking[_i].change);
	ck_assert_int_eq(monitoring_init(&monitoring), lacking[_i].error);
	ck_assert_ptr_null(PyErr_Occurred());
	if (!lacking[_i].error)
		ck_assert_uint_eq(monitoring_supported(&monitoring),
				  lacking[_i].supported);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("monitoring");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, takes_nothing_by_itself);
	tcase_add_test(tcase, bits_are_those_of_this_python);
	tcase_add_test(tcase, order_of_tool_ids);
	tcase_add_test(tcase, a_wanted_tool_id);
	tcase_add_test(tcase, a_tool_of_our_name_is_not_ours);
	tcase_add_test(tcase, exactly_the_wanted_events);
	tcase_add_test(tcase, rollback_of_registration);
	tcase_add_test(tcase, rollback_of_setting);
	tcase_add_test(tcase, replaced_functions_do_not_matter);
	tcase_add_test(tcase, a_lost_tool_id);
	tcase_add_loop_test(tcase, what_is_lacking, 0, ARRAY_SIZE(lacking));
	return support_main("monitoring", tcase);
}
