// SPDX-License-Identifier: BSD-2-Clause
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pycore.h"

#define TEST_TIMEOUT_SECONDS 60
#define WAIT_SECONDS         30

/* ThreadSanitizer has threads of its own: there only the main one and ours are counted.
 */
#ifdef __SANITIZE_THREAD__
#define COUNT_ALL false
#else
#define COUNT_ALL true
#endif

static void set_environment(void)
{
	static const char *const others[] = {
		"PYUSDT_CHECK_MSEC", "PYUSDT_EVENTS", "PYTHONPATH",
		"PYTHONWARNINGS",    "PYTHONSTARTUP", "PYTHONPLATLIBDIR",
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		unsetenv(others[i]);
	setenv("PYTHONHOME", TEST_PYTHONHOME, 1);
	setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
	/* Whatever probes the CPython has that the tests are built with. */
	setenv("PYUSDT_COMPAT", "1", 1);
}

int support_run(const char *name, TCase *const *tcases)
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int failed;

	set_environment();
	for (; *tcases; tcases++) {
		tcase_set_timeout(*tcases, TEST_TIMEOUT_SECONDS);
		suite_add_tcase(suite, *tcases);
	}
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void python_start_bare(void)
{
	static bool registered;

	if (!registered)
		pycore_register();
	registered = true;
	Py_InitializeEx(0);
	ck_assert(Py_IsInitialized());
	py_exec("import core, sys");
}

void python_start(void)
{
	python_start_bare();
	set_poll_msec(0);
}

void python_stop(void)
{
	ck_assert_int_eq(Py_FinalizeEx(), 0);
	fake_watch(0);
	fake_clear();
}

static PyObject *run(const char *source, int start)
{
	PyObject *namespace = PyModule_GetDict(PyImport_AddModule("__main__"));
	PyObject *code = Py_CompileString(source, "test.py", start);
	PyObject *result = code ? PyEval_EvalCode(code, namespace, namespace) : NULL;

	Py_XDECREF(code);
	if (!result) {
		PyErr_Print();
		ck_abort_msg("exception in: %s", source);
	}
	return result;
}

void py_exec(const char *source)
{
	Py_DECREF(run(source, Py_file_input));
}

PyObject *py_eval(const char *expression)
{
	return run(expression, Py_eval_input);
}

long py_long(const char *expression)
{
	PyObject *result = py_eval(expression);
	long value = PyLong_AsLong(result);

	ck_assert_msg(!PyErr_Occurred(), "no int: %s", expression);
	Py_DECREF(result);
	return value;
}

uint64_t supported_events(void)
{
	return Py_Version < 0x030e0000 ? events_all & ~BRANCH_SIDES : events_all;
}

void py_define_state(void)
{
	py_exec("import gc\n"
		"from errno import EDEADLK, EIO\n"
		"M = sys.monitoring\n"
		"E = M.events\n"
		"EVENTS = {n: getattr(E, n) for n in core.NAMES if hasattr(E, n)}\n"
		"if 'BRANCH_LEFT' in EVENTS: del EVENTS['BRANCH']\n"
		"real_register = M.register_callback\n"
		"def registered(tool):\n"
		"    found = set()\n"
		"    for name, bit in EVENTS.items():\n"
		"        callback = real_register(tool, bit, None)\n"
		"        if callback is not None:\n"
		"            real_register(tool, bit, callback)\n"
		"            found.add(name)\n"
		"    return found\n"
		"def named(bits): return {n for n, bit in EVENTS.items() if bits & bit}\n"
		"def events(tool):\n"
		"    return named(M.get_events(tool)) if M.get_tool(tool) else set()\n"
		"def scopes():\n"
		"    yield sys.modules['_frozen_importlib']._find_and_load.__code__\n"
		"    threading = sys.modules.get('threading')\n"
		"    if threading: yield threading.Thread._bootstrap_inner.__code__\n"
		"def local(tool):\n"
		"    if not M.get_tool(tool): return []\n"
		"    return [named(M.get_local_events(tool, c)) for c in scopes()]\n"
		"def needed(*names):\n"
		"    both = set(names)\n"
		"    if 'BRANCH' in both and 'BRANCH' not in EVENTS:\n"
		"        both = both - {'BRANCH'} | {'BRANCH_LEFT', 'BRANCH_RIGHT'}\n"
		/* Where CALL is set, sys.monitoring tells the others as well. */
		"    call = {'C_RETURN': 'CALL', 'C_RAISE': 'CALL'}\n"
		"    return {call.get(n, n) for n in both}, both\n"
		"def one(i): return M.get_tool(i), events(i), registered(i), local(i)\n"
		"def state():\n"
		"    return [*map(one, range(6)), list(gc.callbacks), core.enabled(),\n"
		"            core.active()]\n"
		"def same(got, want): assert got == want, (got, want)\n");
	py_exec("countdown = {}\n"
		"def hook(event, number): countdown[event] = number\n"
		"def audit(event, arguments):\n"
		"    if event in countdown:\n"
		"        countdown[event] -= 1\n"
		"        if countdown[event] == 0: raise RuntimeError('no ' + event)\n"
		"sys.addaudithook(audit)\n"
		"REGISTER = 'sys.monitoring.register_callback'\n");
}

void set_options(unsigned int poll_msec, int values, unsigned int value_max, int tool_id)
{
	const struct pyusdt_options options = {
		.size = sizeof(options),
		.poll_msec = poll_msec,
		.values = values,
		.value_max = value_max,
		.tool_id = tool_id,
	};

	ck_assert_int_eq(pyusdt_configure(&options), 0);
}

void set_poll_msec(unsigned int msec)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	ck_assert_int_eq(pyusdt_options_get(&options), 0);
	options.poll_msec = msec;
	ck_assert_int_eq(pyusdt_configure(&options), 0);
}

static bool is_watcher(const char *tid)
{
	char path[300], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%s/comm", tid);
	file = fopen(path, "r");
	/* A thread may end between the listing and this. */
	if (!file)
		return false;
	if (!fgets(comm, sizeof(comm), file))
		comm[0] = '\0';
	fclose(file);
	return !strcmp(comm, "pyusdt\n");
}

/* Returns: the number of threads, and in @watcher the last one that is a watcher. */
static int list_threads(pid_t *watcher)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	int count = 0;
	pid_t tid;

	ck_assert_ptr_nonnull(tasks);
	*watcher = 0;
	while ((entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		tid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (is_watcher(entry->d_name))
			*watcher = tid;
		if (COUNT_ALL || tid == *watcher || tid == getpid())
			count++;
	}
	closedir(tasks);
	return count;
}

pid_t watcher_tid(void)
{
	pid_t watcher;

	list_threads(&watcher);
	return watcher;
}

int thread_count(void)
{
	pid_t watcher;

	return list_threads(&watcher);
}

bool wait_until(bool (*condition)(void))
{
	const struct timespec pause = {.tv_nsec = 1000000};
	time_t deadline = time(NULL) + WAIT_SECONDS;

	while (!condition()) {
		if (time(NULL) > deadline)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

int wait_for(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status), "status %#x", (unsigned int)status);
	return WEXITSTATUS(status);
}
