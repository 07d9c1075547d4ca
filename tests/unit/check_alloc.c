// SPDX-License-Identifier: BSD-2-Clause
/*
 * Memory that runs out, and all else that can fail, at every place in turn: a documented
 * error that changes nothing, or an event that is not told, but nothing worse.
 */
#include <errno.h>

#include <stdlib.h>

#include "failing.h"
#include "layout/layout.h"
#include "support.h"

/* More places than any function has; a loop that gets there never ends by itself. */
#define PLACES_MAX 2000

static size_t blocks_at_start;

/* Of the patterns of filters, which the process has to its end: two texts, two copies. */
static size_t blocks_kept;
#define FILTER_BLOCKS 4

static void setup(void)
{
	blocks_at_start = failing_live_blocks();
	python_start_bare();
	py_define_state();
}

static void teardown(void)
{
	python_stop();
	ck_assert_int_eq(thread_count(), 1);
	/* Those with the metadata and the interpreter's own: all are gone. */
	ck_assert_uint_eq(failing_live_blocks(), blocks_at_start + blocks_kept);
}

/* All but LAYOUT: where that fails there is none, and no error. */
static uint64_t everything(void)
{
	return supported_events() & ~PYUSDT_LAYOUT;
}

static bool is_documented(int error)
{
	return error == -ENOMEM || error == -EIO || error == -EAGAIN;
}

static int enable_all(void)
{
	return pyusdt_enable(everything());
}

/* Returns: how many places there are at which @function can fail. */
static unsigned int fail_everywhere(int (*function)(void))
{
	for (unsigned int number = 1; number < PLACES_MAX; number++) {
		bool failed;
		int error;

		py_exec("before = state()");
		failing_start(number);
		error = function();
		failed = failing_stop();
		ck_assert_ptr_null(PyErr_Occurred());
		if (!failed) {
			ck_assert_int_ge(error, 0);
			return number - 1;
		}
		if (error >= 0) {
			/* It does not matter there: what was asked for is done. */
			py_exec("reached = state()");
			ck_assert_int_eq(pyusdt_disable(), 0);
			continue;
		}
		ck_assert_msg(is_documented(error), "place %u: %d", number, error);
		py_exec("same(state(), before)");
	}
	ck_abort_msg("it never succeeds");
}

START_TEST(first_enable)
{
	ck_assert_uint_gt(fail_everywhere(enable_all), 10);
	ck_assert_uint_eq(pyusdt_enabled(), everything());
}
END_TEST

START_TEST(first_enable_with_a_tracer)
{
	fake_watch(everything());
	ck_assert_uint_gt(fail_everywhere(enable_all), 10);
	py_exec("same((events(4), registered(4)), needed(*EVENTS))\n"
		"assert local(4)[0] and len(gc.callbacks) == 1\n");
}
END_TEST

/* Nothing of one failed attempt is left in the way of a next. */
START_TEST(each_failure_in_a_python_of_its_own)
{
	for (unsigned int number = 1; number < PLACES_MAX; number++) {
		bool failed;
		int error;

		fake_watch(everything());
		failing_start(number);
		error = enable_all();
		failed = failing_stop();
		if (!failed) {
			ck_assert_int_eq(error, 0);
			return;
		}
		ck_assert(error == 0 || is_documented(error));
		py_exec("same(core.enable(core.supported()), 0)\n"
			"same((events(4), registered(4)), needed(*EVENTS))\n"
			"same(len(gc.callbacks), 1)\n"
			"def f(): pass\n"
			"f()\n");
		ck_assert_uint_gt(fake_count_of(EVENT_PY_START, "f"), 0);
		python_stop();
		ck_assert_int_eq(thread_count(), 1);
		ck_assert_uint_eq(failing_live_blocks(), blocks_at_start);
		python_start_bare();
		py_define_state();
	}
}
END_TEST

static int configure_first(void)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	options.poll_msec = 0;
	return pyusdt_configure(&options);
}

START_TEST(first_configure)
{
	ck_assert_uint_gt(fail_everywhere(configure_first), 5);
}
END_TEST

static const struct {
	int of_pthread_create;
	int ours;
} thread_errors[] = {
	{EAGAIN, -EAGAIN},
	{ENOMEM, -ENOMEM},
	{EPERM, -EIO},
	{EINVAL, -EIO},
};

/* The only thing that can fail by then. */
START_TEST(configure_that_starts_the_watcher)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	options.poll_msec = 0;
	ck_assert_int_eq(pyusdt_configure(&options), 0);
	ck_assert_int_eq(enable_all(), 0);
	options.poll_msec = 60000;
	failing_threads_with(thread_errors[_i].of_pthread_create);
	failing_start(1);
	ck_assert_int_eq(pyusdt_configure(&options), thread_errors[_i].ours);
	ck_assert(failing_stop());
	ck_assert_int_eq(pyusdt_options_get(&options), 0);
	ck_assert_uint_eq(options.poll_msec, 0);
	ck_assert_int_eq(thread_count(), 1);
	ck_assert_uint_eq(pyusdt_enabled(), everything());
	py_exec("same(core.configure(60000), 0)\n"
		"assert core.watcher()\n");
}
END_TEST

static int supported(void)
{
	return pyusdt_supported() ? 0 : -ENOMEM;
}

START_TEST(first_supported)
{
	ck_assert_uint_gt(fail_everywhere(supported), 5);
}
END_TEST

/* Those that only read: nothing in them can fail. */
START_TEST(what_allocates_nothing)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;
	const char *why = NULL;

	ck_assert_int_eq(enable_all(), 0);
	failing_start(1);
	pyusdt_enabled();
	pyusdt_active();
	pyusdt_supported();
	pyusdt_options_get(&options);
	pyusdt_layout(&why);
	pyusdt_pattern_error("file:*[a-c]?");
	pyusdt_event_name(PYUSDT_LINE);
	pyusdt_event_bit("line");
	pyusdt_strerror(-ENOMEM);
	pyusdt_version();
	ck_assert(!failing_stop());
}
END_TEST

/* There is none, then, and that is no error of pyusdt_enable(). */
START_TEST(layout)
{
	uint64_t events = everything() | PYUSDT_LAYOUT;
	bool failed, missed = false;

	set_poll_msec(0);
	fake_watch(events);
	for (unsigned int number = 1; number < PLACES_MAX; number++) {
		const char *why = NULL;
		int error;

		layout_forget();
		failing_start(number);
		error = pyusdt_enable(events);
		failed = failing_stop();
		ck_assert_ptr_null(PyErr_Occurred());
		ck_assert(!error || is_documented(error));
		if (!pyusdt_layout(&why)) {
			ck_assert_ptr_nonnull(why);
			missed = true;
		}
		ck_assert_int_eq(pyusdt_disable(), 0);
		if (!failed)
			break;
	}
	ck_assert(!failed && missed);
	ck_assert_ptr_nonnull(pyusdt_layout(NULL));
}
END_TEST

static struct pyusdt_options filtered(const char *include, const char *exclude)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	options.poll_msec = 0;
	options.include = include;
	options.exclude = exclude;
	return options;
}

/* The old ones stay, all of them. What was disabled for them is brought back by new ones.
 */
START_TEST(filters)
{
	struct pyusdt_options before = filtered("__main__.*", "*.f"), now;
	struct pyusdt_options after = filtered("*", "*.g,file:/x/*");
	bool failed = true;

	/* And the texts that were there before, which others may have been told of. */
	blocks_kept = FILTER_BLOCKS + 2;
	fake_watch(PYUSDT_PY_START | PYUSDT_CALL | PYUSDT_C_RETURN);
	py_exec("def f(): len(''); g()\n"
		"def g(): pass\n");
	ck_assert_int_eq(enable_all(), 0);
	for (unsigned int number = 1; failed && number < PLACES_MAX; number++) {
		int error;

		ck_assert_int_eq(pyusdt_configure(&before), 0);
		py_exec("f()");
		fake_clear();
		failing_start(number);
		error = pyusdt_configure(&after);
		failed = failing_stop();
		ck_assert_ptr_null(PyErr_Occurred());
		ck_assert(!error || (failed && is_documented(error)));
		now = after;
		ck_assert_int_eq(pyusdt_options_get(&now), 0);
		ck_assert_str_eq(now.include, error ? "__main__.*" : "*");
		ck_assert_str_eq(now.exclude, error ? "*.f" : "*.g,file:/x/*");
		/* It may have failed where the next look tries again. */
		ck_assert_int_ge(pyusdt_poll(), 0);
		py_exec("f()");
		ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "f"), !error);
		ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "g"), !!error);
	}
	ck_assert(!failed);
}
END_TEST

/* Read once in a process; but what failed for lack of memory is read again. */
START_TEST(filters_from_the_environment)
{
	int error;

	blocks_kept = FILTER_BLOCKS;
	setenv("PYUSDT_INCLUDE", "__main__.*", 1);
	setenv("PYUSDT_EXCLUDE", "*.f", 1);
	setenv("PYUSDT_CHECK_MSEC", "0", 1);
	fake_watch(PYUSDT_PY_START);
	failing_start((unsigned int)_i);
	error = enable_all();
	failing_stop();
	ck_assert(!error || is_documented(error));
	ck_assert_int_eq(enable_all(), 0);
	py_exec("def f(): pass\n"
		"def g(): pass\n"
		"f()\n"
		"g()\n");
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "f"), 0);
	ck_assert_uint_eq(fake_count_of(EVENT_PY_START, "g"), 1);
}
END_TEST

/* A fork succeeds whatever our handlers lack; the next one starts the watcher anew. */
START_TEST(forks)
{
	bool failed = true;

	ck_assert_int_eq(enable_all(), 0);
	py_exec("import os\n"
		"def fork():\n"
		"    child = os.fork()\n"
		"    if not child: os._exit(core.enabled() != enabled)\n"
		"    return os.waitpid(child, 0)[1]\n"
		"enabled = core.enabled()\n");
	for (unsigned int number = 1; failed && number < PLACES_MAX; number++) {
		PyObject *function = py_eval("fork"), *result;

		failing_start(number);
		result = PyObject_CallFunctionObjArgs(function, NULL);
		failed = failing_stop();
		ck_assert_ptr_nonnull(result);
		ck_assert_int_eq(PyLong_AsLong(result), 0);
		Py_DECREF(result);
		Py_DECREF(function);
		ck_assert_int_eq(py_long("fork()"), 0);
		ck_assert_int_ne(py_long("core.watcher()"), 0);
		ck_assert_int_eq(thread_count(), 2);
	}
	ck_assert(!failed);
}
END_TEST

static const uint64_t some =
	PYUSDT_CALL | PYUSDT_LINE | PYUSDT_IMPORT_START | PYUSDT_GC_DONE | PYUSDT_CODE;

START_TEST(poll)
{
	set_poll_msec(0);
	ck_assert_int_eq(enable_all(), 0);
	for (unsigned int number = 1;; number++) {
		int result;

		fake_watch(0);
		ck_assert_int_ge(pyusdt_poll(), 0);
		fake_watch(some);
		py_exec("before = state()");
		failing_start(number);
		result = pyusdt_poll();
		if (!failing_stop()) {
			ck_assert_int_eq(result, 1);
			break;
		}
		/* What is not found is not there, and imports are not told. */
		if (result > 0)
			continue;
		ck_assert(is_documented(result));
		py_exec("same(state(), before)");
	}
	py_exec("same(events(4), {'CALL', 'LINE'})\n"
		"same(local(4), [{'PY_START'}])\n"
		"same(len(gc.callbacks), 1)\n");
}
END_TEST

/* The tool id was freed, and where the test says so another tool has it. */
START_TEST(poll_without_the_tool_id)
{
	bool failed = true;

	set_poll_msec(0);
	fake_watch(some);
	py_exec("def lose(taken):\n"
		"    M.free_tool_id(4)\n"
		"    if not taken: return\n"
		"    M.use_tool_id(4, 'theirs')\n"
		"    M.set_events(4, 0)\n"
		"    for bit in EVENTS.values(): real_register(4, bit, None)\n"
		"    for code in scopes(): M.set_local_events(4, code, 0)\n"
		"    real_register(4, E.LINE, print)\n");
	ck_assert_int_eq(enable_all(), 0);
	for (unsigned int number = 1; failed && number < PLACES_MAX; number++) {
		int result;

		py_exec(_i ? "lose(True)" : "lose(False)");
		failing_start(number);
		result = pyusdt_poll();
		failed = failing_stop();
		ck_assert_ptr_null(PyErr_Occurred());
		ck_assert(result >= 0 || (failed && is_documented(result)));
		/* The next look has what this one lacked. */
		ck_assert_int_ge(pyusdt_poll(), 0);
		py_exec(_i ? "same(one(4)[:3], ('theirs', set(), {'LINE'}))\n"
			     "same(one(3)[:3], ('pyusdt', {'CALL', 'LINE'},\n"
			     "                 registered(3)))\n"
			     "assert registered(3) >= {'CALL', 'LINE'}\n"
			     "same(local(3), [{'PY_START'}])\n"
			     "M.free_tool_id(4)\n"
			   : "same(events(4), {'CALL', 'LINE'})\n"
			     "assert registered(4) >= {'CALL', 'LINE'}\n"
			     "same(local(4), [{'PY_START'}])\n");
		ck_assert_int_eq(pyusdt_disable(), 0);
		ck_assert_int_eq(enable_all(), 0);
	}
	ck_assert(!failed);
}
END_TEST

/* Off, it may leave a callback that is never called; nothing else. */
START_TEST(disable)
{
	set_poll_msec(0);
	fake_watch(everything());
	for (unsigned int number = 1; number < PLACES_MAX; number++) {
		bool failed;
		int error;

		ck_assert_int_eq(enable_all(), 0);
		failing_start(number);
		error = pyusdt_disable();
		failed = failing_stop();
		if (error) {
			ck_assert(is_documented(error));
			ck_assert_uint_eq(pyusdt_enabled(), everything());
			py_exec("same((events(4), registered(4)), needed(*EVENTS))");
			ck_assert_int_eq(pyusdt_disable(), 0);
		}
		ck_assert_uint_eq(pyusdt_enabled(), 0);
		py_exec("same([events(i) for i in range(6)], [set()] * 6)");
		if (!failed)
			return;
	}
	ck_abort_msg("it never succeeds");
}
END_TEST

static const struct {
	const char *function;
	uint64_t events;
	int values;
} parts[] = {
	{"values", ALL_EVENTS | BRANCH_SIDES | PYUSDT_CODE, PYUSDT_VALUES_SAFE},
	{"values", PYUSDT_PY_RETURN | PYUSDT_PY_YIELD | PYUSDT_CODE, PYUSDT_VALUES_REPR},
	{"exceptions", ALL_EVENTS & ~(PYUSDT_CALL | PYUSDT_C_RETURN | PYUSDT_C_RAISE),
	 PYUSDT_VALUES_SAFE},
	{"runtime", ~ALL_EVENTS, PYUSDT_VALUES_SAFE},
};

/* Of C's, and of Python's. */
static long blocks_now(void)
{
	return py_long("(gc.collect(), sys.getallocatedblocks())[1]") +
	       (long)failing_live_blocks();
}

/* Returns: whether something failed in @function, called with @number. */
static bool call_failing(PyObject *function, unsigned int number)
{
	PyObject *argument = PyLong_FromUnsignedLong(number);
	PyObject *result;
	bool failed;

	failing_start(number);
	result = PyObject_CallFunctionObjArgs(function, argument, NULL);
	failed = failing_stop();
	if (!result)
		PyErr_Print();
	ck_assert_msg(result == argument, "place %u", number);
	Py_DECREF(result);
	Py_DECREF(argument);
	fake_clear();
	return failed;
}

/*
 * What is lost at a place is lost each time. CPython's caches grow as well, but not for
 * ever.
 */
static bool is_free_of_leaks(PyObject *function, unsigned int place)
{
	for (int tries = 0; tries < 100; tries++) {
		long more = -blocks_now();

		for (int i = 0; i < 20; i++)
			call_failing(function, place);
		more += blocks_now();
		if (more < 20)
			return true;
	}
	return false;
}

START_TEST(callbacks)
{
	PyObject *function;
	unsigned int number;

	set_options(0, parts[_i].values, 256, -1);
	fake_watch(parts[_i].events);
	py_run("alloc/workload.py");
	function = py_eval(parts[_i].function);
	ck_assert_int_eq(enable_all(), 0);
	for (number = 1; number < PLACES_MAX; number++)
		if (!call_failing(function, number))
			break;
	ck_assert_uint_gt(number, 20);
	ck_assert_uint_lt(number, PLACES_MAX);
	for (unsigned int place = 1; place < number; place++)
		ck_assert_msg(is_free_of_leaks(function, place), "place %u", place);
	Py_DECREF(function);
}
END_TEST

/* What is told although a value could not be formatted says so. */
START_TEST(values_without_memory)
{
	PyObject *function;
	bool told = false;

	set_poll_msec(0);
	set_options(0, PYUSDT_VALUES_SAFE, 64, -1);
	fake_watch(PYUSDT_PY_RETURN);
	py_exec("def f(): return 'x' * 999\n");
	ck_assert_int_eq(enable_all(), 0);
	function = py_eval("f");
	Py_XDECREF(PyObject_CallFunctionObjArgs(function, NULL));
	for (unsigned int number = 1; number <= 3; number++) {
		fake_clear();
		failing_start(number);
		Py_XDECREF(PyObject_CallFunctionObjArgs(function, NULL));
		ck_assert(failing_stop());
		ck_assert_uint_eq(fake_count(), 1);
		told |= fake_record(0)->value[0] == '?';
	}
	ck_assert(told);
	Py_DECREF(function);
}
END_TEST

/* The core's own memory: what many times need is what one time needs. */
START_TEST(no_block_is_leaked)
{
	size_t before;

	set_poll_msec(60000);
	fake_watch(everything());
	before = failing_live_blocks();
	py_run("alloc/workload.py");
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(enable_all(), 0);
		py_exec("workload(1)");
		ck_assert_uint_gt(failing_live_blocks(), before);
		ck_assert_int_eq(pyusdt_disable(), 0);
		ck_assert_uint_eq(failing_live_blocks(), before);
		fake_clear();
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("alloc");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, first_enable);
	tcase_add_test(tcase, first_enable_with_a_tracer);
	tcase_add_test(tcase, each_failure_in_a_python_of_its_own);
	tcase_add_test(tcase, first_configure);
	tcase_add_loop_test(tcase, configure_that_starts_the_watcher, 0,
			    ARRAY_SIZE(thread_errors));
	tcase_add_test(tcase, first_supported);
	tcase_add_test(tcase, what_allocates_nothing);
	tcase_add_test(tcase, layout);
	tcase_add_test(tcase, filters);
	tcase_add_loop_test(tcase, filters_from_the_environment, 1, 60);
	tcase_add_test(tcase, forks);
	tcase_add_test(tcase, poll);
	tcase_add_loop_test(tcase, poll_without_the_tool_id, 0, 2);
	tcase_add_test(tcase, disable);
	tcase_add_loop_test(tcase, callbacks, 0, ARRAY_SIZE(parts));
	tcase_add_test(tcase, values_without_memory);
	tcase_add_test(tcase, no_block_is_leaked);
	return support_main("alloc", tcase);
}
