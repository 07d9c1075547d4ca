// SPDX-License-Identifier: BSD-2-Clause
/* The library's side of pyusdt-attach: requests from wherever the main thread may be. */
#include <dirent.h>
#include <errno.h>

#include "base/ticketlock.h"
#include "control/attach.h"
#include "support.h"

#define ARM(number)    (ATTACH_NUMBER(number) | PYUSDT_PY_START | PYUSDT_LINE)
#define DISARM(number) ATTACH_NUMBER(number)

static const struct attach_state *const state = &_pyusdt_attached;

static int threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int count = -2;

	while (readdir(tasks))
		count++;
	closedir(tasks);
	return count;
}

/* As from a system call: without the GIL. */
static void ask_blocked(uint64_t request)
{
	PyThreadState *thread = PyEval_SaveThread();

	ck_assert_int_eq(_pyusdt_attach(request, ATTACH_BLOCKED), 0);
	PyEval_RestoreThread(thread);
}

/* As from Python's own code: it is served between two instructions. */
static void ask_running(uint64_t request)
{
	ck_assert_int_eq(_pyusdt_attach(request, ATTACH_RUNNING), 0);
	ck_assert_uint_ne(state->done, request);
	py_exec("for i in range(1000): pass");
}

static void ask_in_script(uint64_t request)
{
	ck_assert_int_eq(_pyusdt_attach(request, ATTACH_SCRIPT), 0);
}

static void check(void (*ask)(uint64_t request))
{
	python_start();
	ask(ARM(1));
	ck_assert_uint_eq(state->done, ARM(1));
	ck_assert_int_eq(state->result, 0);
	ck_assert_uint_eq(state->asked, 0);
	ck_assert_uint_eq(state->armed, PYUSDT_PY_START | PYUSDT_LINE);
	ck_assert_uint_eq(state->enabled, PYUSDT_PY_START | PYUSDT_LINE);
	ck_assert_uint_eq(state->supported, supported_events());
	ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_PY_START | PYUSDT_LINE);
	ck_assert_int_eq(threads(), 1);
	ask(DISARM(2));
	ck_assert_uint_eq(state->done, DISARM(2));
	ck_assert_int_eq(state->result, 0);
	ck_assert_uint_eq(state->armed, 0);
	ck_assert_uint_eq(pyusdt_enabled(), 0);
	ask(DISARM(3));
	ck_assert_int_eq(state->result, -ENOENT);
	ck_assert_int_eq(threads(), 1);
	python_stop();
}

START_TEST(blocked)
{
	check(ask_blocked);
}
END_TEST

START_TEST(running)
{
	check(ask_running);
}
END_TEST

START_TEST(in_script)
{
	check(ask_in_script);
}
END_TEST

/* Not in the stable ABI's header. */
int PySys_AddAuditHook(int (*hook)(const char *, PyObject *, void *), void *data);

static void *ask_again(void *unused)
{
	(void)unused;
	ck_assert_int_eq(_pyusdt_attach(ARM(1), ATTACH_BLOCKED), 0);
	return NULL;
}

/* Called by CPython within pyusdt_enable(). */
static int while_enabling(const char *event, PyObject *arguments, void *times)
{
	PyThreadState *saved;
	pthread_t thread;

	(void)arguments;
	if (strcmp(event, "sys.monitoring.register_callback") != 0 || (*(int *)times)++)
		return 0;
	ck_assert_int_eq(pthread_create(&thread, NULL, ask_again, NULL), 0);
	saved = PyEval_SaveThread();
	pthread_join(thread, NULL);
	PyEval_RestoreThread(saved);
	return 0;
}

START_TEST(asked_again_while_it_is_served)
{
	static int times;

	python_start();
	fake_watch(PYUSDT_PY_START);
	ck_assert_int_eq(PySys_AddAuditHook(while_enabling, &times), 0);
	ask_blocked(ARM(1));
	ck_assert_int_ge(times, 1);
	ck_assert_uint_eq(state->done, ARM(1));
	ck_assert_int_eq(state->result, 0);
	ck_assert_uint_eq(state->armed, PYUSDT_PY_START | PYUSDT_LINE);
	python_stop();
}
END_TEST

START_TEST(all_events)
{
	python_start();
	ask_blocked(ATTACH_NUMBER(7) | ATTACH_ALL);
	ck_assert_int_eq(state->result, 0);
	ck_assert_uint_eq(pyusdt_enabled(), supported_events());
	python_stop();
}
END_TEST

START_TEST(what_the_program_arms_is_its_own)
{
	python_start();
	ck_assert_int_eq(pyusdt_enable(PYUSDT_CALL), 0);
	ask_blocked(ARM(1));
	ck_assert_int_eq(state->result, -EALREADY);
	ck_assert_uint_eq(state->enabled, PYUSDT_CALL);
	ask_blocked(DISARM(2));
	ck_assert_int_eq(state->result, -ENOENT);
	ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_CALL);
	python_stop();
}
END_TEST

START_TEST(what_the_program_changes_is_its_own)
{
	python_start();
	ask_blocked(ARM(1));
	ck_assert_int_eq(pyusdt_enable(PYUSDT_CALL), 0);
	ask_blocked(DISARM(2));
	ck_assert_int_eq(state->result, -ENOENT);
	ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_CALL);
	python_stop();
}
END_TEST

/* Asked twice, by two ways in, of which the first was slow. */
START_TEST(served_once)
{
	python_start();
	ask_running(ARM(1));
	ck_assert_int_eq(_pyusdt_attach(DISARM(2), ATTACH_RUNNING), 0);
	ask_blocked(DISARM(2));
	ck_assert_int_eq(state->result, 0);
	py_exec("for i in range(1000): pass");
	ck_assert_int_eq(state->result, 0);
	ask_blocked(DISARM(2));
	ck_assert_int_eq(state->result, 0);
	python_stop();
}
END_TEST

/* The main thread has the lock of imports, which arming may need. */
START_TEST(within_an_import)
{
	python_start();
	py_exec("import _imp\n_imp.acquire_lock()");
	ask_in_script(ARM(1));
	ck_assert_uint_ne(state->done, ARM(1));
	py_exec("_imp.release_lock()");
	ask_in_script(ARM(1));
	ck_assert_uint_eq(state->done, ARM(1));
	ck_assert_uint_eq(pyusdt_enabled(), PYUSDT_PY_START | PYUSDT_LINE);
	python_stop();
}
END_TEST

/* It waits for a lock of the library's, or has it: the work would wait for that. */
START_TEST(within_the_library)
{
	struct ticketlock lock = {0};

	python_start();
	ticketlock_add(&lock);
	ck_assert(ticketlock_trylock(&lock));
	ck_assert_int_eq(_pyusdt_attach(ARM(1), ATTACH_BLOCKED), -EBUSY);
	ck_assert_uint_eq(state->asked, 0);
	ask_in_script(ARM(2));
	ck_assert_uint_eq(state->done, 0);
	ck_assert_int_eq(threads(), 1);
	ticketlock_unlock(&lock);
	ticketlock_remove(&lock);
	ask_blocked(ARM(1));
	ck_assert_uint_eq(state->done, ARM(1));
	ck_assert_int_eq(state->result, 0);
	python_stop();
}
END_TEST

START_TEST(no_python)
{
	ck_assert_int_eq(_pyusdt_attach(ARM(1), ATTACH_BLOCKED), 0);
	ck_assert_uint_eq(state->done, ARM(1));
	ck_assert_int_eq(state->result, -EPERM);
	ck_assert_int_eq(_pyusdt_attach(ARM(2), ATTACH_RUNNING), 0);
	ck_assert_uint_eq(state->done, ARM(2));
	ck_assert_int_eq(state->result, -EPERM);
	ck_assert_int_eq(threads(), 1);
}
END_TEST

START_TEST(unknown_event)
{
	python_start();
	ask_blocked(ATTACH_NUMBER(1) | UINT64_C(1) << 30);
	ck_assert_int_eq(state->result, -EINVAL);
	ck_assert_uint_eq(state->armed, 0);
	python_stop();
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("attached");

	tcase_add_test(tcase, blocked);
	tcase_add_test(tcase, running);
	tcase_add_test(tcase, in_script);
	tcase_add_test(tcase, all_events);
	tcase_add_test(tcase, what_the_program_arms_is_its_own);
	tcase_add_test(tcase, what_the_program_changes_is_its_own);
	tcase_add_test(tcase, served_once);
	tcase_add_test(tcase, asked_again_while_it_is_served);
	tcase_add_test(tcase, within_an_import);
	tcase_add_test(tcase, within_the_library);
	tcase_add_test(tcase, no_python);
	tcase_add_test(tcase, unknown_event);
	return support_main("attached", tcase);
}
