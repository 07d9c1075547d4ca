// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is counted: as tracers are told of it, which is when it is told all together
 * (telling_all(), which the watcher calls once a second), and as the program sees it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "account/clock.h"
#include "account/frames.h"
#include "account/parked.h"
#include "account/records.h"
#include "account/state.h"
#include "account/telling.h"
#include "support.h"

static void hide(const char *patterns)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	options.poll_msec = 0;
	options.exclude = patterns;
	ck_assert_int_eq(pyusdt_configure(&options), 0);
}

static PyObject *hide_from_python(PyObject *module, PyObject *patterns)
{
	(void)module;
	hide(PyUnicode_AsUTF8AndSize(patterns, NULL));
	return Py_NewRef(Py_None);
}

static PyObject *tell_from_python(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	telling_all();
	return Py_NewRef(Py_None);
}

static PyMethodDef tell_def = {"tell", tell_from_python, METH_NOARGS, NULL};
static PyMethodDef hide_def = {"hide", hide_from_python, METH_O, NULL};

static void setup(void)
{
	PyObject *source, *main;

	python_start();
	source = py_source("account/workload.py");
	main = PyImport_AddModule("__main__");
	PyModule_AddObjectRef(main, "workload", source);
	Py_DECREF(source);
	PyModule_AddObject(main, "hide", PyCFunction_New(&hide_def, NULL));
	PyModule_AddObject(main, "tell", PyCFunction_New(&tell_def, NULL));
	py_run("account/setup.py");
}

static void teardown(void)
{
	python_stop();
}

static void begin_telling(void)
{
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PROFILE), 0);
	fake_watch(PYUSDT_PROFILE);
	ck_assert_int_eq(pyusdt_poll(), 1);
}

static const char *const programs[] = {
	"account/counts.py",  "account/code_that_goes.py", "account/threads.py",
	"account/filters.py", "account/last_function.py",  "account/buckets.py",
};

START_TEST(told)
{
	py_run(programs[_i]);
}
END_TEST

/* Time is that of clock_gettime() then. */
START_TEST(without_a_counter)
{
	clock_prepare();
	clock_has_counter = false;
	py_run("account/counts.py");
}
END_TEST

START_TEST(a_forked_child)
{
	py_run("account/forked.py");
}
END_TEST

START_TEST(differences)
{
	begin_telling();
	py_exec("work['recurse'](2)");
	telling_all();
	py_exec("same(counts(), {'recurse': (3, 0, 0), 'leaf': (3, 0, 0)})");
	telling_all();
	py_exec("same(counts(), {})\n"
		"work['leaf']()");
	telling_all();
	py_exec("same(counts(), {'leaf': (1, 0, 0)})");
}
END_TEST

/* The watcher's poll of the second tells what is due, and no more than once a second. */
START_TEST(nothing_is_lost_with_a_tracer_that_goes)
{
	begin_telling();
	py_exec("work['leaf']()");
	fake_watch(0);
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("same(counts(), {})\n"
		"work['leaf']()");
	/* The next tracer sees what is counted while it is there. */
	fake_watch(PYUSDT_PROFILE);
	ck_assert_int_eq(pyusdt_poll(), 1);
	py_exec("work['leaf']()");
	telling_all();
	py_exec("same(counts(), {'leaf': (1, 0, 0)})");
}
END_TEST

/* A generator that was made before, and the functions below the one that begins it. */
START_TEST(a_thousand_tracers_with_calls_open)
{
	py_exec("def change():\n"
		"    core.watch(core.PROFILE)\n"
		"    core.poll()\n"
		"    next(generator)\n"
		"    work['leaf']()\n"
		"    core.watch(0)\n"
		"    core.poll()\n"
		"    next(generator)\n"
		"def deep(n):\n"
		"    return deep(n - 1) if n else change()\n"
		"core.enable(core.PROFILE)\n"
		"generator = work['numbers'](5000)\n"
		"for number in range(1000):\n"
		"    deep(number % 7)\n"
		"same(counts(), {})\n");
}
END_TEST

struct seen {
	int all; /* those that follow are of the workload and of C */
	int nodes, roots;
	uint64_t calls, leaf_calls;
	bool forward; /* a parent came after its child */
};

static int see(const struct pyusdt_profile_node *node, void *context)
{
	struct seen *seen = context;

	ck_assert_uint_eq(node->size, sizeof(*node));
	ck_assert_uint_eq(node->index, (uint32_t)seen->all);
	seen->all++;
	if (strcmp(node->filename, "account/workload.py") != 0 &&
	    strcmp(node->filename, "~") != 0)
		return 0;
	seen->nodes++;
	seen->roots += node->parent == UINT32_MAX;
	seen->forward |= node->parent != UINT32_MAX && node->parent >= node->index;
	seen->calls += node->sums.calls;
	if (!strcmp(node->name, "leaf"))
		seen->leaf_calls += node->sums.calls;
	return 0;
}

static struct seen visit(void)
{
	struct seen seen = {0};

	ck_assert_int_eq(pyusdt_profile_visit(see, &seen), 0);
	ck_assert(!seen.forward);
	return seen;
}

static void run_workload(void)
{
	PyObject *function = py_eval("work['run']");
	PyObject *result = PyObject_CallNoArgs(function);

	ck_assert_ptr_nonnull(result);
	Py_DECREF(result);
	Py_DECREF(function);
}

START_TEST(kept_by_function)
{
	ck_assert_int_eq(pyusdt_profile_begin(0), 0);
	run_workload();
	ck_assert_int_eq(pyusdt_profile_end(), 0);
	ck_assert_int_eq(visit().nodes, 10);
	ck_assert_int_eq(visit().roots, 10);
	ck_assert_uint_eq(visit().leaf_calls, 7);
	ck_assert_uint_eq(visit().calls, 30);
	/* Nothing is counted any more, and nothing has changed. */
	run_workload();
	ck_assert_uint_eq(visit().calls, 30);
	py_assert("sys.monitoring.get_tool(4) is None");
}
END_TEST

START_TEST(kept_by_context)
{
	ck_assert_int_eq(pyusdt_profile_begin(PYUSDT_PROFILE_TREE), 0);
	run_workload();
	ck_assert_int_eq(pyusdt_profile_end(), 0);
	ck_assert_int_eq(visit().roots, 1);
	ck_assert_uint_eq(visit().leaf_calls, 7);
	ck_assert_uint_eq(visit().calls, 30);
	/* run; recurse and leaf five times; delegate, numbers, of list() and of thrown();
	 * caught, leaf and fail three times; thrown, and numbers, since CPython does not
	 * say that throw() goes on in delegate first; key; method, leaf. */
	ck_assert_int_eq(visit().nodes, 1 + 10 + 2 + 5 + 4 + 1 + 2);
}
END_TEST

START_TEST(kept_with_functions_of_c)
{
	ck_assert_int_eq(pyusdt_profile_begin(PYUSDT_PROFILE_C_FUNCTIONS), 0);
	run_workload();
	ck_assert_int_eq(pyusdt_profile_end(), 0);
	/* next(), throw() and sorted(). */
	ck_assert_int_eq(visit().nodes, 13);
	ck_assert_uint_eq(visit().calls, 30 + 4);
}
END_TEST

/* What is kept has nothing to do with what is told. */
START_TEST(both_at_once)
{
	begin_telling();
	ck_assert_int_eq(pyusdt_profile_begin(PYUSDT_PROFILE_TREE), 0);
	run_workload();
	telling_all();
	py_exec("same(counts(), work['COUNTS'])");
	ck_assert_int_eq(pyusdt_disable(), 0);
	run_workload();
	ck_assert_int_eq(pyusdt_profile_end(), 0);
	ck_assert_uint_eq(visit().calls, 60);
	py_exec("same(counts(), {})");
	py_assert("sys.monitoring.get_tool(4) is None");
}
END_TEST

/* Names stay, though the code is gone, and so does what was kept for it. */
START_TEST(kept_longer_than_code)
{
	ck_assert_int_eq(pyusdt_profile_begin(0), 0);
	py_exec("for i in range(200):\n"
		"    space = {}\n"
		"    exec('def leaf(): pass\\nleaf()', space)\n"
		"    del space\n");
	ck_assert_int_eq(pyusdt_profile_end(), 0);
	ck_assert_int_eq(visit().all, 401);
	ck_assert_int_eq(pyusdt_profile_free(), 0);
	ck_assert_int_eq(visit().nodes, 0);
}
END_TEST

static int try_to_forget(const struct pyusdt_profile_node *node, void *context)
{
	int *visits = context;

	(void)node;
	ck_assert_int_eq(pyusdt_profile_begin(0), -EBUSY);
	ck_assert_int_eq(pyusdt_profile_free(), -EBUSY);
	return ++*visits == 3 ? 42 : 0;
}

START_TEST(errors)
{
	PyThreadState *state;
	int visits = 0;

	ck_assert_int_eq(pyusdt_profile_begin(4), -EINVAL);
	ck_assert_int_eq(pyusdt_profile_visit(NULL, NULL), -EINVAL);
	ck_assert_int_eq(pyusdt_profile_end(), 0);
	ck_assert_int_eq(pyusdt_profile_free(), 0);
	ck_assert_int_eq(visit().nodes, 0);
	ck_assert_int_eq(pyusdt_profile_begin(0), 0);
	ck_assert_int_eq(pyusdt_profile_begin(0), -EBUSY);
	ck_assert_int_eq(pyusdt_profile_free(), -EBUSY);
	run_workload();
	ck_assert_int_eq(pyusdt_profile_end(), 0);
	ck_assert_int_eq(pyusdt_profile_visit(try_to_forget, &visits), 42);
	ck_assert_int_eq(visits, 3);
	state = PyEval_SaveThread();
	ck_assert_int_eq(pyusdt_profile_begin(0), -EPERM);
	ck_assert_int_eq(pyusdt_profile_end(), -EPERM);
	ck_assert_int_eq(pyusdt_profile_free(), -EPERM);
	ck_assert_int_eq(pyusdt_profile_visit(see, NULL), -EPERM);
	PyEval_RestoreThread(state);
	py_exec("for i in range(6): sys.monitoring.use_tool_id(i, 'other')");
	ck_assert_int_eq(pyusdt_profile_begin(0), -EBUSY);
	ck_assert_int_eq(visit().nodes, 0);
}
END_TEST

/* The atexit handlers end it; Python ends with figures that nobody has forgotten. */
START_TEST(ended_by_the_interpreter)
{
	ck_assert_int_eq(pyusdt_profile_begin(PYUSDT_PROFILE_TREE), 0);
	run_workload();
	py_exec("import atexit\n"
		"atexit._run_exitfuncs()\n");
	run_workload();
	ck_assert_uint_eq(visit().leaf_calls, 7);
	ck_assert_int_eq(pyusdt_profile_begin(0), -ESHUTDOWN);
}
END_TEST

static bool stop_telling; /* atomic */

static void *tell(void *unused)
{
	while (!__atomic_load_n(&stop_telling, __ATOMIC_RELAXED))
		telling_all();
	return unused;
}

/* What the watcher reads while the program runs. */
START_TEST(told_while_it_is_counted)
{
	pthread_t thread;

	begin_telling();
	ck_assert_int_eq(pyusdt_profile_begin(PYUSDT_PROFILE_C_FUNCTIONS), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, tell, NULL), 0);
	py_run("account/churn.py");
	py_exec("run_threads()");
	__atomic_store_n(&stop_telling, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	ck_assert_int_eq(pyusdt_disable(), 0);
	ck_assert_int_eq(pyusdt_profile_end(), 0);
	py_exec("found = counts('account/churned.py')\n"
		"same(found, {'<module>': (240, 0, 0), 'new': (240, 0, 0)})\n");
}
END_TEST

/* Frames are what has a code object in the word at its start. */
struct made_frame {
	const void *code;
};

#define STACKS 3000

/* As many greenlets as there may be, in any order. */
START_TEST(parked_stacks)
{
	static struct made_frame frames[STACKS];
	static const char code[STACKS + 1];
	static struct record record[STACKS];
	struct record unknown = {0};
	struct parked parked = {0};
	struct stack stack;

	memset(&frames_at, 0, sizeof(frames_at));
	ck_assert(!parked_take(&parked, (const char *)frames, &stack));
	for (int i = 0; i < STACKS; i++) {
		record[i].code = &code[i / 4 * 4];
		frames[i].code = record[i].code;
		ck_assert(stack_init(&stack, &unknown));
		*++stack.top = (struct entry){(const char *)&frames[i], &record[i], 0};
		ck_assert(parked_put(&parked, &stack));
	}
	for (int i = 0; i < STACKS; i += 2) {
		int at = i * 7 % STACKS;

		ck_assert(parked_take(&parked, (const char *)&frames[at], &stack));
		ck_assert_ptr_eq(stack.top->record, &record[at]);
		stack_free(&stack);
		ck_assert(!parked_take(&parked, (const char *)&frames[at], &stack));
	}
	/* At the same address is the frame of another function now. */
	frames[1].code = &code[40];
	ck_assert(!parked_take(&parked, (const char *)&frames[1], &stack));
	parked_clear(&parked);
	ck_assert_uint_eq(parked.count, 0);
}
END_TEST

#define CODES 2000

static void find_all(const struct records *records, struct record **made,
		     struct record *parent, const char *code)
{
	for (int i = 0; i < CODES; i++)
		ck_assert_ptr_eq(records_find(records, code + i * 16, parent), made[i]);
}

START_TEST(records_come_and_go)
{
	static char code[CODES * 16] __attribute__((aligned(16)));
	static struct record *made[CODES];
	struct record parents[2] = {0};
	struct account account = {.kind = ACCOUNT_KEPT};
	struct account_node node = {.account = &account};
	struct records records;

	ck_assert(records_init(&records, _i));
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < CODES; i++) {
			if (made[i])
				continue;
			made[i] = records_add(&records, code + i * 16, &parents[0]);
			record_attach(made[i], &node);
		}
		find_all(&records, made, &parents[0], code);
		/* Another context has others. */
		if (_i)
			ck_assert_ptr_null(records_find(&records, code, &parents[1]));
		for (int i = round % 3; i < CODES; i += 3) {
			record_detach(made[i]);
			records_remove(made[i], true);
			made[i] = NULL;
		}
		find_all(&records, made, &parents[0], code);
	}
	/* No more room is taken than for those there are. */
	if (!_i)
		ck_assert_uint_le(records.mask, 16383);
	records_clear(&records);
	memset(made, 0, sizeof(made));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("account");
	TCase *parts = tcase_create("parts");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, told, 0, ARRAY_SIZE(programs));
	tcase_add_test(tcase, without_a_counter);
	tcase_add_test(tcase, a_forked_child);
	tcase_add_test(tcase, differences);
	tcase_add_test(tcase, nothing_is_lost_with_a_tracer_that_goes);
	tcase_add_test(tcase, a_thousand_tracers_with_calls_open);
	tcase_add_test(tcase, kept_by_function);
	tcase_add_test(tcase, kept_by_context);
	tcase_add_test(tcase, kept_with_functions_of_c);
	tcase_add_test(tcase, both_at_once);
	tcase_add_test(tcase, kept_longer_than_code);
	tcase_add_test(tcase, errors);
	tcase_add_test(tcase, ended_by_the_interpreter);
	tcase_add_test(tcase, told_while_it_is_counted);
	tcase_add_test(parts, parked_stacks);
	tcase_add_loop_test(parts, records_come_and_go, 0, 2);
	return support_main("account", tcase, parts);
}
