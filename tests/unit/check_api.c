// SPDX-License-Identifier: BSD-2-Clause
/* The public functions: their documented errors, and that they leave exceptions alone. */
#include <errno.h>
#include <pthread.h>
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

/* All of the functions that need Python, where it must not be called. */
static void check_all_refuse(void)
{
	const struct pyusdt_options options = PYUSDT_OPTIONS_INIT;
	struct pyusdt_options got = PYUSDT_OPTIONS_INIT;

	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), -EPERM);
	ck_assert_int_eq(pyusdt_disable(), -EPERM);
	ck_assert_int_eq(pyusdt_poll(), -EPERM);
	ck_assert_int_eq(pyusdt_configure(&options), -EPERM);
	ck_assert_uint_eq(pyusdt_enabled(), 0);
	ck_assert_uint_eq(pyusdt_active(), 0);
	ck_assert_uint_eq(pyusdt_supported(), 0);
	/* These need no Python. */
	ck_assert_int_eq(pyusdt_options_get(&got), 0);
	ck_assert_str_eq(pyusdt_event_name(PYUSDT_LINE), "LINE");
	ck_assert_uint_eq(pyusdt_event_bit("LINE"), PYUSDT_LINE);
	ck_assert_str_eq(pyusdt_version(), PYUSDT_VERSION);
}

static void *in_other_thread(void *unused)
{
	check_all_refuse();
	return unused;
}

static void check_in_other_thread(void)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, in_other_thread, NULL), 0);
	pthread_join(thread, NULL);
}

START_TEST(before_python)
{
	check_all_refuse();
}
END_TEST

START_TEST(after_python)
{
	python_start();
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	python_stop();
	check_all_refuse();
	check_in_other_thread();
}
END_TEST

START_TEST(without_the_gil)
{
	PyThreadState *state;

	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	state = PyEval_SaveThread();
	check_all_refuse();
	check_in_other_thread();
	PyEval_RestoreThread(state);
	/* A thread that Python does not know, while this one has the GIL. */
	check_in_other_thread();
	ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_LINE);
}
END_TEST

/* PyGILState_Check() says yes everywhere from then on. */
START_TEST(without_the_gil_after_a_subinterpreter)
{
	PyThreadState *main_state = PyThreadState_Get();
	PyThreadState *sub = Py_NewInterpreter();

	ck_assert_ptr_nonnull(sub);
	Py_EndInterpreter(sub);
	PyThreadState_Swap(main_state);
	check_in_other_thread();
	main_state = PyEval_SaveThread();
	check_all_refuse();
	PyEval_RestoreThread(main_state);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
}
END_TEST

#define NO_EVENT (UINT64_C(1) << 31)

static const uint64_t bad_masks[] = {
	0, NO_EVENT, UINT64_C(1) << 63, UINT64_MAX, ALL_EVENTS | NO_EVENT,
};

START_TEST(bad_masks_change_nothing)
{
	ck_assert_int_eq(pyusdt_enable(bad_masks[_i]), -EINVAL);
	ck_assert_uint_eq(pyusdt_enabled(), 0);
	py_assert("M.get_tool(4) is None");
	ck_assert_int_eq(pyusdt_enable(PYUSDT_CALL), 0);
	ck_assert_int_eq(pyusdt_enable(bad_masks[_i]), -EINVAL);
	ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_CALL);
}
END_TEST

START_TEST(bad_options_change_nothing)
{
	struct pyusdt_options before = PYUSDT_OPTIONS_INIT, bad,
			      after = PYUSDT_OPTIONS_INIT;

	ck_assert_int_eq(pyusdt_options_get(&before), 0);
	ck_assert_int_eq(pyusdt_configure(NULL), -EINVAL);
	bad = before;
	bad.size--;
	bad.value_max = 32;
	ck_assert_int_eq(pyusdt_configure(&bad), -EINVAL);
	bad = before;
	bad.value_max = 32;
	bad.poll_msec = 60001;
	ck_assert_int_eq(pyusdt_configure(&bad), -EINVAL);
	ck_assert_int_eq(pyusdt_options_get(&after), 0);
	ck_assert_mem_eq(&before, &after, sizeof(before));
}
END_TEST

START_TEST(nothing_armed)
{
	ck_assert_uint_eq(pyusdt_enabled(), 0);
	ck_assert_uint_eq(pyusdt_active(), 0);
	ck_assert_int_eq(pyusdt_disable(), 0);
	fake_watch(ALL_EVENTS);
	ck_assert_int_eq(pyusdt_poll(), 0);
	ck_assert_uint_eq(pyusdt_active(), 0);
}
END_TEST

START_TEST(all_that_there_are)
{
	ck_assert_uint_eq(pyusdt_supported(), supported_events());
	py_assert("M.get_tool(4) is None");
	ck_assert_int_eq(pyusdt_enable(supported_events()), 0);
	ck_assert_uint_eq(pyusdt_enabled(), supported_events());
}
END_TEST

START_TEST(the_sides_of_branches)
{
	int wanted = supported_events() & BRANCH_SIDES ? 0 : -ENOTSUP;

	fake_watch(BRANCH_SIDES);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_BRANCH_LEFT), wanted);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS | PYUSDT_BRANCH_RIGHT), wanted);
	ck_assert_uint_eq(pyusdt_active(), wanted ? 0 : PYUSDT_BRANCH_RIGHT);
}
END_TEST

START_TEST(events_that_this_python_lacks)
{
	python_start_bare();
	py_exec("import types\n"
		"kept = {n: v for n, v in vars(sys.monitoring.events).items() if n !=\n"
		"    'LINE'}\n"
		"sys.monitoring.events = types.SimpleNamespace(**kept)\n");
	fake_watch(ALL_EVENTS);
	ck_assert_uint_eq(pyusdt_supported(),
			  supported_events() & ~(PYUSDT_LINE | PYUSDT_PYTHON_LINE));
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), -ENOTSUP);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PYTHON_LINE), -ENOTSUP);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), -ENOTSUP);
	ck_assert_uint_eq(pyusdt_enabled(), 0);
	py_assert("sys.monitoring.get_tool(4) is None");
	set_poll_msec(0);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_CALL), 0);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), -ENOTSUP);
	ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_CALL);
	python_stop();
}
END_TEST

START_TEST(no_sys_monitoring)
{
	python_start_bare();
	py_exec("del sys.monitoring");
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), -ENOTSUP);
	ck_assert_uint_eq(pyusdt_supported(), 0);
	ck_assert_uint_eq(pyusdt_enabled(), 0);
	ck_assert_int_eq(pyusdt_disable(), 0);
	ck_assert_int_eq(pyusdt_poll(), 0);
	ck_assert_ptr_null(PyErr_Occurred());
	python_stop();
}
END_TEST

static int enable_all(void)
{
	return pyusdt_enable(ALL_EVENTS);
}

static int enable_none(void)
{
	return pyusdt_enable(0);
}

static int configure_default(void)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	options.poll_msec = 0;
	return pyusdt_configure(&options);
}

static int configure_null(void)
{
	return pyusdt_configure(NULL);
}

static int ask(void)
{
	pyusdt_enabled();
	pyusdt_active();
	return pyusdt_supported() != supported_events();
}

static int break_and_poll(void)
{
	fake_watch(PYUSDT_LINE);
	return pyusdt_poll();
}

static const struct {
	int (*function)(void);
	int result;
} calls[] = {
	{enable_all, 0},        {break_and_poll, -EIO},    {pyusdt_poll, 0},
	{configure_default, 0}, {configure_null, -EINVAL}, {ask, 0},
	{enable_none, -EINVAL}, {enable_all, 0},           {pyusdt_disable, 0},
	{pyusdt_disable, 0},    {pyusdt_poll, 0},
};

/* The very same exception, traceback and all. */
START_TEST(a_pending_exception_is_kept)
{
	PyObject *exception = py_eval("KeyError('mine')");

	fake_watch(PYUSDT_CALL | PYUSDT_LINE);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		PyObject *left;

		if (calls[i].result == -EIO) {
			fake_watch(PYUSDT_CALL);
			ck_assert_int_eq(pyusdt_poll(), 1);
			py_exec("hook(REGISTER, 1)");
		}
		PyErr_SetRaisedException(Py_NewRef(exception));
		ck_assert_msg(calls[i].function() == calls[i].result, "call %zu", i);
		left = PyErr_GetRaisedException();
		ck_assert_msg(left == exception, "call %zu", i);
		Py_DECREF(left);
		if (calls[i].result == -EIO) {
			py_exec("countdown.clear()");
			ck_assert_int_eq(pyusdt_poll(), 1);
		}
	}
	Py_DECREF(exception);
}
END_TEST

START_TEST(no_exception_is_left)
{
	fake_watch(ALL_EVENTS);
	py_exec("hook(REGISTER, 3)");
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), -EIO);
	ck_assert_ptr_null(PyErr_Occurred());
	py_exec("for i in range(6): M.use_tool_id(i, 'other')");
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), -EBUSY);
	ck_assert_ptr_null(PyErr_Occurred());
}
END_TEST

START_TEST(error_texts)
{
	static const int errors[] = {
		-EINVAL,  -ENOTSUP, -EBUSY,  -EPERM, -ESHUTDOWN,
		-EDEADLK, -EAGAIN,  -ENOMEM, -EIO,
	};
	const char *unknown = pyusdt_strerror(-12345);

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		ck_assert_ptr_nonnull(pyusdt_strerror(errors[i]));
		ck_assert_str_ne(pyusdt_strerror(errors[i]), unknown);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(pyusdt_strerror(errors[i]),
					 pyusdt_strerror(errors[j]));
	}
	ck_assert_str_ne(unknown, pyusdt_strerror(0));
	ck_assert_str_eq(pyusdt_strerror(0), pyusdt_strerror(1));
}
END_TEST

START_TEST(version)
{
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "%d.%d.%d", PYUSDT_VERSION_MAJOR,
		 PYUSDT_VERSION_MINOR, PYUSDT_VERSION_PATCH);
	ck_assert_str_eq(pyusdt_version(), wanted);
	ck_assert_str_eq(PYUSDT_VERSION, wanted);
}
END_TEST

int main(void)
{
	TCase *bare = tcase_create("without Python");
	TCase *tcase = tcase_create("with Python");

	tcase_add_test(bare, before_python);
	tcase_add_test(bare, after_python);
	tcase_add_test(bare, events_that_this_python_lacks);
	tcase_add_test(bare, no_sys_monitoring);
	tcase_add_test(bare, error_texts);
	tcase_add_test(bare, version);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, without_the_gil);
	tcase_add_test(tcase, without_the_gil_after_a_subinterpreter);
	tcase_add_loop_test(tcase, bad_masks_change_nothing, 0, ARRAY_SIZE(bad_masks));
	tcase_add_test(tcase, bad_options_change_nothing);
	tcase_add_test(tcase, nothing_armed);
	tcase_add_test(tcase, all_that_there_are);
	tcase_add_test(tcase, the_sides_of_branches);
	tcase_add_test(tcase, a_pending_exception_is_kept);
	tcase_add_test(tcase, no_exception_is_left);
	return support_main("api", bare, tcase);
}
