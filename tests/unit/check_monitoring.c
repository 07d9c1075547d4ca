// SPDX-License-Identifier: BSD-2-Clause
/* sys.monitoring by itself: tool ids, scopes, and all or nothing. */
#include <errno.h>
#include <stdio.h>

#include "monitoring/monitoring.h"
#include "support.h"

#define ALL_MONITORS (((monitor_set)1 << MONITOR_COUNT) - 1)

#define SETS(...) ((struct monitor_sets){.in = {__VA_ARGS__}})

/* No code is told of here. */
static struct codetable codes;
static struct monitoring monitoring = {.codes = &codes};

/* Python callables in place of our callbacks. */
static void init(void)
{
	codetable_init(&codes, NULL);
	ck_assert_int_eq(monitoring_init(&monitoring), 0);
	for (int i = 0; i < MONITOR_COUNT; i++)
		monitoring.callbacks[i] = py_eval("lambda *arguments: None");
}

static int set(monitor_set events)
{
	return monitoring_set(&monitoring, SETS(IN(ALL, events)));
}

/* Returns: those of @events that this CPython has. */
static monitor_set available(monitor_set events)
{
	for (int i = 0; i < MONITOR_COUNT; i++)
		if (!monitoring.bits[i])
			events &= ~((monitor_set)1 << i);
	return events;
}

static void setup(void)
{
	python_start();
	py_define_state();
	py_exec("def f(): pass\n"
		"def g(): pass\n"
		"def fails(): raise ValueError\n"
		"def local_of(function):\n"
		"    return named(M.get_local_events(4, function.__code__))\n");
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
	ck_assert_uint_eq(monitor_sets_union(&monitoring.events), 0);
	ck_assert_uint_eq(monitoring.registered, 0);
	ck_assert_uint_eq(monitoring_supported(&monitoring), supported_events());
	py_exec("same(state(), before)");
}
END_TEST

START_TEST(bits_are_those_of_this_python)
{
	init();
	for (int i = 0; i < MONITOR_COUNT; i++) {
		char expression[64];

		snprintf(expression, sizeof(expression), "EVENTS.get('%s', 0)",
			 event_name(i));
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

/* None, each by itself, all but one, all: from each to each. */
static monitor_set choice(int number)
{
	if (number < MONITOR_COUNT)
		return (monitor_set)1 << number;
	if (number < 2 * MONITOR_COUNT)
		return ALL_MONITORS & ~choice(number - MONITOR_COUNT);
	return number == 2 * MONITOR_COUNT ? ALL_MONITORS : 0;
}

#define CHOICES (2 * MONITOR_COUNT + 2)

START_TEST(exactly_the_wanted_events)
{
	monitor_set from = choice(_i);

	init();
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	py_exec("def is_set(mask):\n"
		"    want = needed(*(n for i, n in enumerate(core.NAMES)\n"
		"                    if mask & 1 << i and n in EVENTS))\n"
		"    same((events(4), registered(4)), want)\n");
	for (int i = 0; i < CHOICES; i++) {
		monitor_set to = choice(i);
		char source[32];

		ck_assert_int_ge(set(from), 0);
		ck_assert_int_eq(set(to), available(from) != available(to));
		ck_assert_uint_eq(monitoring.events.in[SCOPE_ALL], available(to));
		ck_assert_int_eq(set(to), 0);
		snprintf(source, sizeof(source), "is_set(%u)", to);
		py_exec(source);
	}
	ck_assert_int_ge(set(0), 0);
	monitoring_release_tool(&monitoring);
	py_exec("same(one(4), (None, set(), set(), []))");
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
		int added = __builtin_popcount(available(ALL_MONITORS)) - (int)i;

		ck_assert_int_ge(set(befores[i]), 0);
		py_exec("before = state()");
		for (int number = 1; number <= added; number++) {
			char source[64];

			snprintf(source, sizeof(source), "hook(REGISTER, %d)", number);
			py_exec(source);
			ck_assert_int_eq(set(ALL_MONITORS), -EIO);
			ck_assert_ptr_null(PyErr_Occurred());
			ck_assert_uint_eq(monitoring.events.in[SCOPE_ALL], befores[i]);
			ck_assert_uint_eq(monitoring.registered, befores[i]);
			py_exec("countdown.clear(); same(state(), before)");
		}
	}
	ck_assert_int_eq(set(ALL_MONITORS), 1);
	ck_assert_int_eq(set(0), 1);
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
	ck_assert_int_eq(set(MONITOR(LINE)), 1);
	py_exec("before = state(); broken = ValueError('set_events')");
	ck_assert_int_eq(set(MONITOR(CALL)), -EIO);
	ck_assert_int_eq(set(ALL_MONITORS), -EIO);
	ck_assert_int_eq(set(0), -EIO);
	py_exec("broken = MemoryError()");
	ck_assert_int_eq(set(0), -ENOMEM);
	ck_assert_ptr_null(PyErr_Occurred());
	ck_assert_uint_eq(monitoring.events.in[SCOPE_ALL], MONITOR(LINE));
	py_exec("same(state(), before); broken = False");
	ck_assert_int_eq(set(MONITOR(CALL)), 1);
	py_exec("same((events(4), registered(4)), ({'CALL'}, {'CALL'}))");
	ck_assert_int_eq(set(0), 1);
	monitoring_release_tool(&monitoring);
}
END_TEST

/* Python callables that tell of themselves. */
static void init_telling(void)
{
	py_exec("fired = []\n"
		"def telling(name):\n"
		"    return lambda code, *rest: fired.append((name, code.co_name))\n");
	init();
	for (int i = 0; i < MONITOR_COUNT; i++) {
		char expression[64];

		Py_DECREF(monitoring.callbacks[i]);
		snprintf(expression, sizeof(expression), "telling('%s')", event_name(i));
		monitoring.callbacks[i] = py_eval(expression);
	}
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
}

static void move(enum scope scope, const char *function)
{
	PyObject *code = NULL;
	char expression[64];

	if (function) {
		snprintf(expression, sizeof(expression), "%s.__code__", function);
		code = py_eval(expression);
	}
	monitoring_move(&monitoring, scope, code);
	ck_assert_ptr_null(PyErr_Occurred());
	ck_assert_ptr_eq(monitoring.code[scope], code);
	Py_XDECREF(code);
}

#define STARTS_AND_RETURNS (MONITOR(PY_START) | MONITOR(PY_RETURN))

START_TEST(events_of_one_function)
{
	init_telling();
	move(SCOPE_IMPORT, "f");
	py_exec("same(local_of(f), set())");
	ck_assert_int_eq(
		monitoring_set(&monitoring, SETS(IN(IMPORT, STARTS_AND_RETURNS))), 1);
	ck_assert_int_eq(
		monitoring_set(&monitoring, SETS(IN(IMPORT, STARTS_AND_RETURNS))), 0);
	py_exec("same(local_of(f), {'PY_START', 'PY_RETURN'})\n"
		"same(events(4), set())\n"
		"same(registered(4), {'PY_START', 'PY_RETURN'})\n"
		"f(); g()\n"
		"same(fired, [('PY_START', 'f'), ('PY_RETURN', 'f')])\n"
		"fired.clear()\n");
	/* The same callbacks serve all code. */
	ck_assert_int_eq(monitoring_set(&monitoring, SETS(IN(IMPORT, STARTS_AND_RETURNS),
							  IN(ALL, MONITOR(PY_START)))),
			 1);
	py_exec("f(); g()\n"
		"same(fired.count(('PY_START', 'f')), 1)\n"
		"same(fired.count(('PY_START', 'g')), 1)\n"
		"same(fired.count(('PY_RETURN', 'g')), 0)\n");
	ck_assert_int_eq(set(0), 1);
	py_exec("same((local_of(f), events(4), registered(4)), (set(),) * 3)");
	monitoring_release_tool(&monitoring);
}
END_TEST

START_TEST(a_scope_that_moves)
{
	const struct monitor_sets wanted =
		SETS(IN(THREAD, STARTS_AND_RETURNS), IN(ALL, MONITOR(RAISE)));

	init_telling();
	py_exec("before = sys.getrefcount(f.__code__)");
	/* Not there yet. */
	ck_assert_int_eq(monitoring_set(&monitoring, wanted), 1);
	py_exec("same((events(4), registered(4)), ({'RAISE'}, {'RAISE'}))");
	move(SCOPE_THREAD, "f");
	ck_assert_int_eq(monitoring_set(&monitoring, wanted), 1);
	move(SCOPE_THREAD, "f");
	ck_assert_int_eq(monitoring_set(&monitoring, wanted), 0);
	move(SCOPE_THREAD, "g");
	py_exec("same((local_of(f), local_of(g)), (set(), set()))\n"
		"same(sys.getrefcount(f.__code__), before)\n");
	ck_assert_int_eq(monitoring_set(&monitoring, wanted), 1);
	py_exec("same((local_of(f), local_of(g)), (set(), {'PY_START', 'PY_RETURN'}))\n"
		"f(); g()\n"
		"same(fired, [('PY_START', 'g'), ('PY_RETURN', 'g')])\n");
	/* Gone again. */
	move(SCOPE_THREAD, NULL);
	py_exec("same(local_of(g), set())");
	ck_assert_int_ge(monitoring_set(&monitoring, wanted), 0);
	py_exec("same((events(4), registered(4)), ({'RAISE'}, {'RAISE'}))");
	ck_assert_int_eq(set(0), 1);
	py_exec("same(registered(4), set())");
	monitoring_release_tool(&monitoring);
}
END_TEST

/* PY_UNWIND is local from 3.15 on, global before. */
START_TEST(leaving_one_function)
{
	const monitor_set left = MONITOR(PY_RETURN) | MONITOR(PY_UNWIND);
	bool local = Py_Version >= 0x030f0000;

	init_telling();
	move(SCOPE_IMPORT, "fails");
	ck_assert_int_eq(monitoring_set(&monitoring, SETS(IN(IMPORT, left))), 1);
	ck_assert_uint_eq(monitoring.events.in[SCOPE_IMPORT],
			  local ? left : MONITOR(PY_RETURN));
	ck_assert_uint_eq(monitoring.events.in[SCOPE_ALL],
			  local ? 0 : MONITOR(PY_UNWIND));
	py_exec(local ? "same((local_of(fails), events(4)),\n"
			"     ({'PY_RETURN', 'PY_UNWIND'}, set()))\n"
		      : "same((local_of(fails), events(4)),\n"
			"     ({'PY_RETURN'}, {'PY_UNWIND'}))\n");
	py_exec("same(registered(4), {'PY_RETURN', 'PY_UNWIND'})\n"
		"try: fails()\n"
		"except ValueError: pass\n"
		"same(fired, [('PY_UNWIND', 'fails')])\n");
	ck_assert_int_eq(set(0), 1);
	py_exec("same((local_of(fails), events(4), registered(4)), (set(),) * 3)");
	monitoring_release_tool(&monitoring);
}
END_TEST

/* Refuses the first, the second ... of the scopes. */
START_TEST(rollback_of_scopes)
{
	const struct monitor_sets before =
		SETS(IN(ALL, MONITOR(LINE)), IN(IMPORT, MONITOR(PY_START)));
	const struct monitor_sets wanted =
		SETS(IN(ALL, MONITOR(CALL)), IN(IMPORT, STARTS_AND_RETURNS),
		     IN(THREAD, MONITOR(PY_RESUME)));

	py_run("monitoring/rollback_of_scopes.py");
	init();
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	move(SCOPE_IMPORT, "f");
	move(SCOPE_THREAD, "g");
	ck_assert_int_eq(monitoring_set(&monitoring, before), 1);
	py_exec("before = now()\n"
		"same(before, ({'LINE'}, {'LINE', 'PY_START'}, {'PY_START'}, set()))\n");
	for (int number = 1; number <= 3; number++) {
		char source[64];

		snprintf(source, sizeof(source), "error, left = %s, %d",
			 number % 2 ? "ValueError" : "MemoryError", number);
		py_exec(source);
		ck_assert_int_eq(monitoring_set(&monitoring, wanted),
				 number % 2 ? -EIO : -ENOMEM);
		ck_assert_ptr_null(PyErr_Occurred());
		ck_assert_mem_eq(&monitoring.events, &before, sizeof(before));
		py_exec("same(now(), before)");
	}
	py_exec("left = None");
	ck_assert_int_eq(monitoring_set(&monitoring, wanted), 1);
	py_exec("same(now(), ({'CALL'}, {'CALL', 'PY_START', 'PY_RETURN', 'PY_RESUME'},\n"
		"    {'PY_START', 'PY_RETURN'}, {'PY_RESUME'}))\n");
	ck_assert_int_eq(set(0), 1);
	py_exec("same(now(), (set(),) * 4)");
	monitoring_release_tool(&monitoring);
}
END_TEST

/* Nothing of a scope that is no longer there is left behind. */
START_TEST(a_scope_that_goes_with_its_events)
{
	init();
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	move(SCOPE_THREAD, "f");
	ck_assert_int_eq(
		monitoring_set(&monitoring, SETS(IN(THREAD, STARTS_AND_RETURNS))), 1);
	move(SCOPE_THREAD, NULL);
	ck_assert_int_ge(
		monitoring_set(&monitoring, SETS(IN(THREAD, STARTS_AND_RETURNS))), 0);
	py_exec("same((local_of(f), registered(4)), (set(), set()))");
	ck_assert_int_ge(set(0), 0);
	monitoring_release_tool(&monitoring);
}
END_TEST

START_TEST(replaced_functions_do_not_matter)
{
	init();
	py_exec("for name in ('use_tool_id', 'free_tool_id', 'get_tool', 'set_events',\n"
		"             'set_local_events', 'register_callback'):\n"
		"    setattr(M, name, None)\n"
		"get_events = M.get_events\n");
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	ck_assert_int_eq(set(MONITOR(LINE)), 1);
	py_assert("get_events(4) == E.LINE");
	ck_assert_int_eq(set(0), 1);
	monitoring_release_tool(&monitoring);
}
END_TEST

/* The program gave our tool id away: its new owner is none of our business. */
START_TEST(a_lost_tool_id)
{
	init();
	ck_assert_int_eq(monitoring_take_tool(&monitoring, -1), 0);
	ck_assert_int_eq(set(MONITOR(LINE)), 1);
	py_exec("M.free_tool_id(4)");
	ck_assert_int_eq(set(0), -EIO);
	py_exec("M.use_tool_id(4, 'other')\n"
		"theirs = lambda *arguments: None\n"
		"for bit in EVENTS.values(): M.register_callback(4, bit, None)\n"
		"M.register_callback(4, E.LINE, theirs)\n"
		"M.set_events(4, E.LINE | E.CALL)\n"
		"before = state()\n");
	ck_assert_int_eq(set(0), -EIO);
	ck_assert_int_eq(set(ALL_MONITORS), -EIO);
	monitoring_release_tool(&monitoring);
	ck_assert_int_eq(monitoring.tool_id, -1);
	py_exec("same(state(), before)\n"
		"assert M.register_callback(4, E.LINE, None) is theirs\n");
}
END_TEST

/* What comes from elsewhere. */
#define WITHOUT_MONITORING                                                      \
	(PYUSDT_GC_START | PYUSDT_GC_DONE | PYUSDT_PYTHON_GC_START |            \
	 PYUSDT_PYTHON_GC_DONE | PYUSDT_LAYOUT | PYUSDT_CODE | PYUSDT_PROCESS | \
	 PYUSDT_PROFILE_TABLE | PYUSDT_PROFILE_BUCKET)

static const struct {
	const char *change;
	int error;
	uint64_t supported;
} lacking[] = {
	{"del sys.monitoring", -ENOTSUP, 0},
	{"del sys.monitoring.events", -ENOTSUP, 0},
	{"del sys.monitoring.set_events", -ENOTSUP, 0},
	{"del sys.monitoring.set_local_events", -ENOTSUP, 0},
	{"del sys.monitoring.get_tool", -ENOTSUP, 0},
	{"import types\n"
	 "sys.monitoring.events = types.SimpleNamespace(LINE=E.LINE, CALL=E.CALL)\n",
	 0, PYUSDT_LINE | PYUSDT_CALL | PYUSDT_PYTHON_LINE | WITHOUT_MONITORING},
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
	tcase_add_loop_test(tcase, exactly_the_wanted_events, 0, CHOICES);
	tcase_add_test(tcase, rollback_of_registration);
	tcase_add_test(tcase, rollback_of_setting);
	tcase_add_test(tcase, events_of_one_function);
	tcase_add_test(tcase, a_scope_that_moves);
	tcase_add_test(tcase, a_scope_that_goes_with_its_events);
	tcase_add_test(tcase, leaving_one_function);
	tcase_add_test(tcase, rollback_of_scopes);
	tcase_add_test(tcase, replaced_functions_do_not_matter);
	tcase_add_test(tcase, a_lost_tool_id);
	tcase_add_loop_test(tcase, what_is_lacking, 0, ARRAY_SIZE(lacking));
	return support_main("monitoring", tcase);
}
