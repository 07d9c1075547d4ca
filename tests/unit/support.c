// SPDX-License-Identifier: BSD-2-Clause
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pycore.h"

#define TEST_TIMEOUT_SECONDS 60
#define WAIT_SECONDS         30
#define SOURCE_MAX           16384

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

/* The name of code that is no program of its own. */
static const char snippet[] = "test.py";

static PyObject *run(const char *source, const char *file, int start)
{
	PyObject *namespace = PyModule_GetDict(PyImport_AddModule("__main__"));
	PyObject *code = Py_CompileString(source, file, start);
	PyObject *result = code ? PyEval_EvalCode(code, namespace, namespace) : NULL;

	Py_XDECREF(code);
	if (!result) {
		PyErr_Print();
		ck_abort_msg("exception in: %s", file == snippet ? source : file);
	}
	return result;
}

void py_exec(const char *source)
{
	Py_DECREF(run(source, snippet, Py_file_input));
}

static void read_program(const char *program, char source[SOURCE_MAX])
{
	char path[PATH_MAX];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", TEST_PROGRAMS, program);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	length = fread(source, 1, SOURCE_MAX, file);
	ck_assert_msg(!ferror(file), "%s: cannot be read", path);
	ck_assert_msg(length < SOURCE_MAX, "%s: is too long", path);
	source[length] = '\0';
	fclose(file);
}

void py_run(const char *program)
{
	char source[SOURCE_MAX];

	read_program(program, source);
	Py_DECREF(run(source, program, Py_file_input));
}

PyObject *py_source(const char *program)
{
	char source[SOURCE_MAX];

	read_program(program, source);
	return PyUnicode_FromString(source);
}

PyObject *py_eval(const char *expression)
{
	return run(expression, snippet, Py_eval_input);
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
	py_run("state.py");
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
