// SPDX-License-Identifier: BSD-2-Clause
/*
 * Memory that runs out, and all else that can fail, at every place in turn: a documented
 * error that changes nothing, or an event that is not told, but nothing worse.
 */
#include <errno.h>

#include "failing.h"
#include "support.h"

/* More places than any function has; a loop that gets there never ends by itself. */
#define PLACES_MAX 2000

static size_t blocks_at_start;

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
	ck_assert_uint_eq(failing_live_blocks(), blocks_at_start);
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

/* The only thing that can fail by then. */
START_TEST(configure_that_starts_the_watcher)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	options.poll_msec = 0;
	ck_assert_int_eq(pyusdt_configure(&options), 0);
	ck_assert_int_eq(enable_all(), 0);
	options.poll_msec = 60000;
	failing_start(1);
	ck_assert_int_eq(pyusdt_configure(&options), -EAGAIN);
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

/*
 * A program of every kind of value and every event, with a new code object each time. The
 * thread is none: it would be another one than where calls fail.
 */
static const char workload[] =
	"import gc, threading\n"
	"class Odd(Exception): pass\n"
	"class Thread:\n"
	"    def __init__(self): self._name = 'none'\n"
	"    def _delete(self): pass\n"
	"def caught(function, *arguments):\n"
	"    try: function(*arguments)\n"
	"    except Exception as error: return error\n"
	"def throw(error): raise error\n"
	"def find(name):\n"
	"    sys.modules.pop(name, None)\n"
	"    __import__(name)\n"
	"errors = (ValueError('x'), ValueError('x\\n'), Odd('x' * 999), KeyError('k'),\n"
	"          OSError(2, 'm'), ValueError(1, 2), ValueError(10**40), Odd())\n"
	"def values(n):\n"
	"    space = {}\n"
	"    exec('def g(x): yield x\\ndef f(x): return x', space)\n"
	"    f, g = space['f'], space['g']\n"
	"    for x in (None, 7, 10**40, 1 << 9999, 0.5, 'x' * 999, b'x' * 999, [], f,\n"
	"        int, len, [].append, list.append): assert f(x) is x\n"
	"    assert list(g(n)) == [n]\n"
	"    return n\n"
	"def exceptions(n):\n"
	"    for error in errors: assert caught(throw, error) is error\n"
	"    g = (x for x in (n,))\n"
	"    assert caught(g.throw, errors[0]) is errors[0]\n"
	"    return n\n"
	"def runtime(n):\n"
	"    assert caught(find, '__hello__') is None\n"
	"    assert type(caught(find, 'nowhere')) is ModuleNotFoundError\n"
	"    run = threading.Thread._bootstrap_inner\n"
	"    assert type(caught(run, Thread())) is AttributeError\n"
	"    gc.collect()\n"
	"    return n\n"
	"def workload(n): values(n); exceptions(n); runtime(n)\n"
	"workload(0)\n";

static const struct {
	const char *function;
	uint64_t events;
} parts[] = {
	{"values", ALL_EVENTS | PYUSDT_CODE},
	{"exceptions", ALL_EVENTS & ~(PYUSDT_CALL | PYUSDT_C_RETURN | PYUSDT_C_RAISE)},
	{"runtime", ~ALL_EVENTS},
};

START_TEST(callbacks)
{
	PyObject *function;
	unsigned int number;

	set_poll_msec(0);
	fake_watch(parts[_i].events);
	py_exec(workload);
	function = py_eval(parts[_i].function);
	ck_assert_int_eq(enable_all(), 0);
	for (number = 1; number < PLACES_MAX; number++) {
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
		if (!failed)
			break;
	}
	Py_DECREF(function);
	ck_assert_uint_gt(number, 20);
	ck_assert_uint_lt(number, PLACES_MAX);
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
	Py_XDECREF(PyObject_CallNoArgs(function));
	for (unsigned int number = 1; number <= 3; number++) {
		fake_clear();
		failing_start(number);
		Py_XDECREF(PyObject_CallNoArgs(function));
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
	py_exec(workload);
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
	tcase_add_test(tcase, configure_that_starts_the_watcher);
	tcase_add_test(tcase, first_supported);
	tcase_add_test(tcase, poll);
	tcase_add_test(tcase, disable);
	tcase_add_loop_test(tcase, callbacks, 0, ARRAY_SIZE(parts));
	tcase_add_test(tcase, values_without_memory);
	tcase_add_test(tcase, no_block_is_leaked);
	return support_main("alloc", tcase);
}
