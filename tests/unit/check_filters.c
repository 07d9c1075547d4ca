// SPDX-License-Identifier: BSD-2-Clause
/* Which code is told, what the rest costs, and filters that change. */
#include <errno.h>
#include <stdio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "code/codemeta.h"
#include "code/filters.h"
#include "monitoring/interp.h"
#include "support.h"

static int set_filters(const char *include, const char *exclude)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	ck_assert_int_eq(pyusdt_options_get(&options), 0);
	options.include = include;
	options.exclude = exclude;
	return pyusdt_configure(&options);
}

static PyObject *filters(PyObject *module, PyObject *arguments)
{
	const char *include = NULL, *exclude = NULL;

	(void)module;
	if (!PyArg_ParseTuple(arguments, "|ss", &include, &exclude))
		return NULL;
	return PyLong_FromLong(set_filters(include, exclude));
}

static PyMethodDef methods[] = {
	{"filters", filters, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static void define(void)
{
	ck_assert_int_eq(PyModule_AddFunctions(PyImport_AddModule("core"), methods), 0);
	py_define_state();
	py_run("filters/definitions.py");
}

static void setup(void)
{
	python_start();
	define();
}

static void teardown(void)
{
	python_stop();
}

static const struct {
	const char *include;
	const char *exclude;
	const char *told; /* Python: the names, of `all` */
} choices[] = {
	{"", "", "all"},
	{NULL, NULL, "all"},
	{" , ,\t\n,", "", "all"},
	{"*", "", "all"},
	{"*", "*", "{}"},
	{"", "*", "{}"},
	{"nothing", "", "{}"},
	{"shop.orders.total", "", "{'shop.orders.total'}"},
	{"shop.*", "", "{n for n in all if n.startswith('shop.')}"},
	{"shop*", "", "{n for n in all if n.startswith('shop')}"},
	{"  shop.main ,\tshops.main\n", "", "{'shop.main', 'shops.main'}"},
	{",,shop.main,,", "", "{'shop.main'}"},
	{"*.total", "", "{'shop.orders.total', 'shop.orders.Order.total'}"},
	{"*.__init__", "", "{'shop.orders.Order.__init__'}"},
	{"*.<locals>.*", "", "{'shop.orders.outer.<locals>.inner'}"},
	{"shop.*", "*.orders.*", "{'shop.main'}"},
	{"shop.orders.total", "shop.*", "{}"},
	{"shop.orders.total,shop.main", "*.total", "{'shop.main'}"},
	{"", "shop*,odd*", "{'lone', 'ü.é.ö', 'm' * 500 + '.long'}"},
	{"file:/x/*", "", "{n for n in all if n.startswith('shop.')}"},
	{"file:*/orders.py", "", "{n for n in all if 'orders' in n}"},
	{"file:shop*", "", "{}"},
	{"/x/*", "", "{}"},
	{"file:/x/*", "file:*orders*", "{'shop.main'}"},
	{"file:*/orders.py", "*.Order.*",
	 "{'shop.orders.total', 'shop.orders.outer.<locals>.inner'}"},
	{"file:/y/no name? a comma.py", "", "{'lone'}"},
	{"lone", "", "{'lone'}"},
	{".lone", "", "{}"},
	{"?.?.?", "", "{'ü.é.ö'}"},
	{"ü.*", "", "{'ü.é.ö'}"},
	{"file:*/ü.py", "", "{'ü.é.ö'}"},
	{"[mü]*", "", "{'ü.é.ö', 'm' * 500 + '.long'}"},
	{"m*m.long", "", "{'m' * 500 + '.long'}"},
	{"file:*fff", "", "{'m' * 500 + '.long'}"},
	{"odd\\udc80.odd", "", "{'odd\\udc80.odd'}"},
	{"file:*\\udcff", "", "{'odd\\udc80.odd'}"},
	{"Shop.*,FILE:/x/*", "", "{}"},
};

static void check_choice(int choice)
{
	py_exec("got, all = seen(), set(functions)");
	py_exec("assert len(all) == 10, all");
	ck_assert_int_eq(PyModule_AddStringConstant(PyImport_AddModule("__main__"),
						    "source", choices[choice].told),
			 0);
	py_exec("same(got, set(eval(source)))");
}

START_TEST(chosen_before_arming)
{
	py_run("filters/modules.py");
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(set_filters(choices[_i].include, choices[_i].exclude), 0);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	check_choice(_i);
	check_choice(_i);
}
END_TEST

/* One after the other: what one filter has left out comes back. */
START_TEST(chosen_while_watched)
{
	py_run("filters/modules.py");
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	for (int i = 0; i < (int)ARRAY_SIZE(choices); i++) {
		ck_assert_int_eq(set_filters(choices[i].include, choices[i].exclude), 0);
		check_choice(i);
	}
}
END_TEST

START_TEST(the_filters_are_options)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	pyusdt_options_get(&options);
	ck_assert_str_eq(options.include, "");
	ck_assert_str_eq(options.exclude, "");
	ck_assert_int_eq(set_filters("a, b", "c"), 0);
	pyusdt_options_get(&options);
	ck_assert_str_eq(options.include, "a, b");
	ck_assert_str_eq(options.exclude, "c");
	/* Its own strings, which go with the change. */
	ck_assert_int_eq(set_filters(options.exclude, options.include), 0);
	pyusdt_options_get(&options);
	ck_assert_str_eq(options.include, "c");
	ck_assert_str_eq(options.exclude, "a, b");
	ck_assert_int_eq(set_filters(NULL, NULL), 0);
	pyusdt_options_get(&options);
	ck_assert_str_eq(options.include, "");
	ck_assert_str_eq(options.exclude, "");
}
END_TEST

static const char comma[] = "a comma stands between patterns: write ? for one in a name";

static const struct {
	const char *pattern;
	const char *error; /* NULL: it is good */
} patterns[] = {
	{"a.b", NULL},
	{"*", NULL},
	{"[ab]", NULL},
	{"file:*", NULL},
	{"file:[[]x", NULL},
	{"file", NULL},
	{"a b", NULL},
	{"", "empty"},
	{"file:", "empty"},
	{"a,b", comma},
	{"file:a,b", comma},
	{",", comma},
	{"a[b", "[ without ]"},
	{"file:[", "[ without ]"},
	{"[!]", "[ without ]"},
	{"[b-a]", "range that ends before it begins"},
	{"file:x[9-0]", "range that ends before it begins"},
};

START_TEST(bad_patterns_change_nothing)
{
	const char *pattern = patterns[_i].pattern;
	const char *error = pyusdt_pattern_error(pattern);
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;
	char list[64];

	ck_assert_pstr_eq(error, patterns[_i].error);
	/* Between patterns a comma is none of them, and nor is nothing. */
	if (!error || error == comma || !*pattern || strchr(pattern, ','))
		return;
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	ck_assert_int_eq(set_filters("wanted.*", "none"), 0);
	pyusdt_options_get(&options);
	for (int where = 0; where < 2; where++) {
		snprintf(list, sizeof(list), "other.*, %s ,x", pattern);
		options.value_max = 99;
		options.include = where ? "other.*" : list;
		options.exclude = where ? list : "wanted.*";
		ck_assert_int_eq(pyusdt_configure(&options), -EINVAL);
		pyusdt_options_get(&options);
		ck_assert_str_eq(options.include, "wanted.*");
		ck_assert_str_eq(options.exclude, "none");
		ck_assert_uint_eq(options.value_max, 256);
	}
	py_exec("wanted(); other()\n"
		"assert told('/src/wanted.py') and not told('/src/other.py')\n");
}
END_TEST

static const struct {
	const char *include;
	const char *exclude;
	int error;
} environments[] = {
	{"wanted.*", NULL, 0},
	{NULL, "o*", 0},
	{" wanted.*,file:/nowhere/* ", "*.none", 0},
	{"wanted.*,[", NULL, -EINVAL},
	{NULL, "o*,[z-a]", -EINVAL},
	{"file:", NULL, -EINVAL},
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* More would be told than was asked for: that cannot be ignored. */
START_TEST(from_the_environment)
{
	const char *include = environments[_i].include;
	const char *exclude = environments[_i].exclude;
	int error = environments[_i].error;
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	if (include)
		setenv("PYUSDT_INCLUDE", include, 1);
	if (exclude)
		setenv("PYUSDT_EXCLUDE", exclude, 1);
	python_start_bare();
	define();
	py_exec("before = state()");
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), error);
	pyusdt_options_get(&options);
	ck_assert_str_eq(options.include, error ? "" : or_empty(include));
	ck_assert_str_eq(options.exclude, error ? "" : or_empty(exclude));
	py_exec("wanted(); other()\n"
		"assert not told('/src/other.py')\n");
	if (error) {
		ck_assert_int_eq(thread_count(), 1);
		py_exec("same(state(), before)\n");
	} else {
		py_exec("assert told('/src/wanted.py')\n");
	}
	python_stop();
}
END_TEST

static const struct {
	const char *name;
	const char *text;
	int values;
	unsigned int value_max;
} values[] = {
	{"PYUSDT_VALUES", "none", PYUSDT_VALUES_NONE, 256},
	{"PYUSDT_VALUES", "safe", PYUSDT_VALUES_SAFE, 256},
	{"PYUSDT_VALUES", "repr", PYUSDT_VALUES_REPR, 256},
	{"PYUSDT_VALUES", "", PYUSDT_VALUES_SAFE, 256},
	{"PYUSDT_VALUES", "REPR", PYUSDT_VALUES_SAFE, 256},
	{"PYUSDT_VALUES", "repr ", PYUSDT_VALUES_SAFE, 256},
	{"PYUSDT_VALUES", "2", PYUSDT_VALUES_SAFE, 256},
	{"PYUSDT_VALUE_MAX", "16", PYUSDT_VALUES_SAFE, 16},
	{"PYUSDT_VALUE_MAX", "4096", PYUSDT_VALUES_SAFE, 4096},
	{"PYUSDT_VALUE_MAX", "15", PYUSDT_VALUES_SAFE, 256},
	{"PYUSDT_VALUE_MAX", "4097", PYUSDT_VALUES_SAFE, 256},
	{"PYUSDT_VALUE_MAX", "64k", PYUSDT_VALUES_SAFE, 256},
	{"PYUSDT_VALUE_MAX", "-64", PYUSDT_VALUES_SAFE, 256},
	{"PYUSDT_VALUE_MAX", "", PYUSDT_VALUES_SAFE, 256},
};

START_TEST(values_from_the_environment)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	setenv(values[_i].name, values[_i].text, 1);
	ck_assert_int_eq(pyusdt_options_get(&options), 0);
	ck_assert_int_eq(options.values, values[_i].values);
	ck_assert_uint_eq(options.value_max, values[_i].value_max);
}
END_TEST

/* Every event of code, as it is without filters, but of that code only. */
START_TEST(only_matching_code_is_told)
{
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_run("filters/only_matching_code_is_told.py");
}
END_TEST

/*
 * At no cost after the first times, where CPython allows it: each place is disabled by
 * itself, a line may have two, and 3.12 and 3.13 tell an instruction once more.
 */
START_TEST(other_code_is_disabled)
{
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_run("filters/other_code_is_disabled.py");
}
END_TEST

START_TEST(events_of_visible_code)
{
	py_run("filters/events_of_visible_code.py");
}
END_TEST

START_TEST(new_code_tells_all)
{
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	py_run("filters/new_code_tells_all.py");
}
END_TEST

static const char *const about_lines[] = {"running_code", "suspended_code",
					  "code_that_dies",
					  "visible_code_of_a_lost_tool"};

START_TEST(lines_of_visible_code)
{
	char program[64];

	fake_watch(PYUSDT_LINE);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	snprintf(program, sizeof(program), "filters/%s.py", about_lines[_i]);
	py_run(program);
}
END_TEST

/* One of several codes cannot be changed: all stay as they are. */
START_TEST(visible_code_that_cannot_be_set)
{
	python_start_bare();
	py_exec("real_local, broken, until = sys.monitoring.set_local_events, None, "
		"0\n"
		"def set_local_events(*arguments):\n"
		"    global until\n"
		"    until -= 1\n"
		"    if broken and until == -1: raise broken\n"
		"    real_local(*arguments)\n"
		"sys.monitoring.set_local_events = set_local_events\n");
	set_poll_msec(0);
	define();
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START | PYUSDT_LINE), 0);
	py_run("filters/visible_code_that_cannot_be_set.py");
	python_stop();
}
END_TEST

/* Another tool's disabled places come back when ours have to, and only then. */
START_TEST(others_are_disturbed_only_when_it_must_be)
{
	fake_watch(PYUSDT_PY_START);
	py_run("filters/others_are_disturbed_only_when_it_must_be.py");
}
END_TEST

/* While nothing is instrumented there is nothing to bring back, but afterwards. */
START_TEST(changed_while_unwatched)
{
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	py_run("filters/changed_while_unwatched.py");
}
END_TEST

START_TEST(changed_while_disarmed)
{
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	py_exec("everything = run(other)\n"
		"assert everything\n"
		"same(core.filters('wanted.*'), 0)\n"
		"same(run(other), [])\n"
		"same(core.disable(), 0)\n"
		"same(core.filters(), 0)\n"
		"same(core.enable(core.PY_START), 0)\n"
		"same(run(other), everything)\n");
}
END_TEST

/* CALL is what can be disabled of it. */
START_TEST(returns_of_c_functions)
{
	const uint64_t events = PYUSDT_C_RETURN | PYUSDT_C_RAISE;

	fake_watch(events);
	ck_assert_int_eq(pyusdt_enable(events), 0);
	py_run("filters/returns_of_c_functions.py");
}
END_TEST

START_TEST(provider_python)
{
	const uint64_t events = PYUSDT_PYTHON_FUNCTION_ENTRY |
				PYUSDT_PYTHON_FUNCTION_RETURN | PYUSDT_PYTHON_LINE;

	fake_watch(events);
	ck_assert_int_eq(pyusdt_enable(events), 0);
	py_run("filters/provider_python.py");
}
END_TEST

/* CODE is for events to come: there are none of code that is left out. */
START_TEST(names_of_code)
{
	fake_watch(PYUSDT_PY_START | PYUSDT_CODE);
	ck_assert_int_eq(set_filters("wanted.part.work", NULL), 0);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START | PYUSDT_CODE), 0);
	py_run("filters/names_of_code.py");
}
END_TEST

/* Events of the runtime are about no code: what is theirs cannot be left out. */
#define RUNTIME_EVENTS                                                    \
	(PYUSDT_IMPORT_START | PYUSDT_IMPORT_DONE | PYUSDT_THREAD_START | \
	 PYUSDT_THREAD_EXIT | PYUSDT_GC_START | PYUSDT_GC_DONE |          \
	 PYUSDT_PYTHON_IMPORT_START | PYUSDT_PYTHON_IMPORT_DONE |         \
	 PYUSDT_PYTHON_GC_START | PYUSDT_PYTHON_GC_DONE)

START_TEST(the_runtime_is_not_filtered)
{
	py_run("filters/runtime_events.py");
	ck_assert_int_eq(set_filters(NULL, _i ? "*" : "*importlib*,*threading*,gc*"), 0);
	fake_watch(events_all);
	ck_assert_int_eq(pyusdt_enable(supported_events()), 0);
	py_exec("for i in range(3): same(happen(), WANTED)\n");
}
END_TEST

/* Its functions were left out before it was watched. */
START_TEST(the_runtime_is_watched_later)
{
	py_run("filters/runtime_events.py");
	ck_assert_int_eq(set_filters(NULL, _i ? "*" : "*importlib*,*threading*,gc*"), 0);
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_enable(supported_events()), 0);
	py_exec("same(happen(), {})\n"
		"same(happen(), {})\n");
	fake_watch(ALL_EVENTS | RUNTIME_EVENTS);
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("for i in range(3): same(happen(), WANTED)\n"
		"same(core.filters('nothing'), 0)\n"
		"for i in range(3): same(happen(), WANTED)\n");
	fake_watch(RUNTIME_EVENTS);
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("same(happen(), WANTED)\n");
}
END_TEST

static PyThreadState *second;

/* What the second interpreter tells; the first one is current before and after. */
static bool second_tells(const char *name)
{
	PyThreadState *first = PyThreadState_Swap(second);
	size_t before = fake_count_of(EVENT_PY_START, name);

	py_exec("in_second()");
	PyThreadState_Swap(first);
	return fake_count_of(EVENT_PY_START, name) > before;
}

static bool second_is_told(void)
{
	bool told = second_tells("in_second");

	/* The watcher needs its turn. */
	Py_BEGIN_ALLOW_THREADS;
	Py_END_ALLOW_THREADS;
	return told;
}

static bool second_is_not_told(void)
{
	return !second_is_told();
}

/* The filters are those of the process. */
START_TEST(another_interpreter_follows)
{
	PyThreadState *first = PyThreadState_Get();

	set_poll_msec(1);
	fake_watch(PYUSDT_PY_START);
	second = Py_NewInterpreter();
	ck_assert_ptr_nonnull(second);
	py_exec("import core, sys\n"
		"def in_second(): pass\n"
		"assert core.enable(core.PY_START) == 0\n");
	PyThreadState_Swap(first);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	ck_assert(second_is_told());
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(set_filters("wanted.*", NULL), 0);
		ck_assert(!second_is_told());
		ck_assert(!second_is_told());
		ck_assert_int_eq(set_filters("wanted.*,__main__.in_second", NULL), 0);
		ck_assert(wait_until(second_is_told));
		ck_assert_int_eq(set_filters(NULL, "*.in_*"), 0);
		ck_assert(wait_until(second_is_not_told));
		ck_assert_int_eq(set_filters(NULL, NULL), 0);
		ck_assert(wait_until(second_is_told));
	}
	PyThreadState_Swap(second);
	Py_EndInterpreter(second);
	PyThreadState_Swap(first);
}
END_TEST

/* Lines that are told of f(), which both interpreters have. */
static size_t lines_of_f(PyThreadState *state)
{
	PyThreadState *before = PyThreadState_Swap(state);
	size_t count = fake_count_of(EVENT_LINE, "f");

	py_exec("f()");
	PyThreadState_Swap(before);
	return fake_count_of(EVENT_LINE, "f") - count;
}

static bool second_tells_lines(void)
{
	size_t count = lines_of_f(second);

	Py_BEGIN_ALLOW_THREADS;
	Py_END_ALLOW_THREADS;
	return count == 1;
}

static bool second_tells_no_lines(void)
{
	return !second_tells_lines();
}

/* Each interpreter has code of its own, and its own threads' frames. */
START_TEST(lines_of_two_interpreters)
{
	PyThreadState *first = PyThreadState_Get();

	set_poll_msec(1);
	fake_watch(PYUSDT_LINE);
	py_exec("def f(): return 1\n");
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	second = Py_NewInterpreter();
	ck_assert_ptr_nonnull(second);
	py_exec("import core, sys\n"
		"def f(): return 1\n"
		"assert core.enable(core.LINE) == 0\n");
	PyThreadState_Swap(first);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(set_filters("__main__.g", NULL), 0);
		ck_assert_uint_eq(lines_of_f(first), 0);
		ck_assert(wait_until(second_tells_no_lines));
		ck_assert_int_eq(set_filters("__main__.f", NULL), 0);
		ck_assert_uint_eq(lines_of_f(first), 1);
		ck_assert(wait_until(second_tells_lines));
	}
	PyThreadState_Swap(second);
	Py_EndInterpreter(second);
	PyThreadState_Swap(first);
	ck_assert_uint_eq(lines_of_f(first), 1);
}
END_TEST

START_TEST(forked)
{
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	py_run("filters/forked.py");
}
END_TEST

static bool stop; /* atomic */

/*
 * With a breath after each change: a mutex is not fair, and who takes it again at once
 * keeps others from it for ever.
 */
static void *change_all_the_time(void *unused)
{
	const struct timespec breath = {.tv_nsec = 50000};

	(void)unused;
	for (int i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
		filters_set(i % 2 ? "wanted.*" : "other.*", i % 3 ? "*.none" : NULL);
		nanosleep(&breath, NULL);
	}
	return NULL;
}

/* No lock of another thread's stays locked in the child. */
START_TEST(forked_in_the_middle_of_a_change)
{
	pthread_t thread;

	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	py_exec("wanted(); other()\n"
		"for i in range(2000):\n"
		"    make('wanted.m%d' % i, '/src/m', 'def f(): pass')['f']()\n");
	ck_assert_int_eq(pthread_create(&thread, NULL, change_all_the_time, NULL), 0);
	for (int i = 0; i < 100; i++) {
		pid_t child = fork();

		if (!child) {
			alarm(30);
			_exit(filters_set("again", NULL) == 1 ? 0 : 1);
		}
		ck_assert_int_eq(wait_for(child), 0);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}
END_TEST

/* Code that is born and dies while the filters change. */
START_TEST(changed_by_another_thread)
{
	pthread_t thread;

	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, change_all_the_time, NULL), 0);
	py_exec("for i in range(3000):\n"
		"    make('wanted.m%d' % i, '/src/m', 'def f(): pass')['f']()\n");
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	ck_assert_int_eq(set_filters("other.*", NULL), 0);
	py_exec("same(run(wanted), [])\n"
		"assert run(other)\n");
}
END_TEST

/* An error leaves the events as they are, and says what it was. */
START_TEST(that_cannot_be_followed)
{
	python_start_bare();
	py_exec("real_restart, broken = sys.monitoring.restart_events, None\n"
		"def restart_events():\n"
		"    if broken: raise broken\n"
		"    real_restart()\n"
		"sys.monitoring.restart_events = restart_events\n");
	set_poll_msec(0);
	define();
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START | PYUSDT_LINE | PYUSDT_GC_START),
			 0);
	py_run("filters/that_cannot_be_followed.py");
	python_stop();
}
END_TEST

bool __real_interp_refuse(struct interp *interp, const struct codemeta *code);
bool __wrap_interp_refuse(struct interp *interp, const struct codemeta *code);

static bool others_come_first;

/*
 * Where there is no GIL another thread may change the filters, and all may follow them,
 * between a callback's look at them and this.
 */
bool __wrap_interp_refuse(struct interp *interp, const struct codemeta *code)
{
	if (others_come_first && !strcmp(code->name, "f")) {
		others_come_first = false;
		ck_assert_int_eq(set_filters("", ""), 0);
	}
	return __real_interp_refuse(interp, code);
}

START_TEST(changed_while_a_callback_refuses)
{
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PY_START), 0);
	py_exec("code = compile('def f(): pass', '/src/other.py', 'exec')\n"
		"names = {'__name__': 'other'}\n"
		"exec(code, names)\n"
		"same(core.filters('wanted.*'), 0)\n");
	others_come_first = true;
	py_exec("names['f']()\n"
		"core.clear()\n"
		"names['f']()\n"
		"names['f']()\n");
	ck_assert(!others_come_first);
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "f"), 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("filters");
	TCase *bare = tcase_create("filters from the environment");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, chosen_before_arming, 0, ARRAY_SIZE(choices));
	tcase_add_test(tcase, chosen_while_watched);
	tcase_add_test(tcase, the_filters_are_options);
	tcase_add_loop_test(tcase, bad_patterns_change_nothing, 0, ARRAY_SIZE(patterns));
	tcase_add_test(tcase, only_matching_code_is_told);
	tcase_add_test(tcase, other_code_is_disabled);
	tcase_add_test(tcase, events_of_visible_code);
	tcase_add_test(tcase, new_code_tells_all);
	tcase_add_loop_test(tcase, lines_of_visible_code, 0, ARRAY_SIZE(about_lines));
	tcase_add_test(tcase, others_are_disturbed_only_when_it_must_be);
	tcase_add_test(tcase, changed_while_unwatched);
	tcase_add_test(tcase, changed_while_disarmed);
	tcase_add_test(tcase, returns_of_c_functions);
	tcase_add_test(tcase, provider_python);
	tcase_add_test(tcase, names_of_code);
	tcase_add_loop_test(tcase, the_runtime_is_not_filtered, 0, 2);
	tcase_add_loop_test(tcase, the_runtime_is_watched_later, 0, 2);
	tcase_add_test(tcase, another_interpreter_follows);
	tcase_add_test(tcase, lines_of_two_interpreters);
	tcase_add_test(tcase, forked);
	tcase_add_test(tcase, forked_in_the_middle_of_a_change);
	tcase_add_test(tcase, changed_by_another_thread);
	tcase_add_test(tcase, changed_while_a_callback_refuses);
	tcase_add_test(bare, that_cannot_be_followed);
	tcase_add_test(bare, visible_code_that_cannot_be_set);
	tcase_add_loop_test(bare, from_the_environment, 0, ARRAY_SIZE(environments));
	tcase_add_loop_test(bare, values_from_the_environment, 0, ARRAY_SIZE(values));
	return support_main("filters", tcase, bare);
}
