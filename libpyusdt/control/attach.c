// SPDX-License-Identifier: BSD-2-Clause
/*
 * The library's side of pyusdt-attach: it arms and disarms events in a process that has
 * never asked for it, from wherever its main thread was found.
 *
 * The events are armed by a thread that lives for that moment only. Not by the main
 * thread: Python's signal handlers run there, and an exception that one of them raises
 * must reach the program, not us. But the main thread waits for it where it may, and the
 * kernel has forgotten the thread by then: CPython warns a program that has threads when
 * it forks.
 */
#include "control/attach.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "pyusdt.h"

#include "base/pycompat.h"
#include "base/thread.h"
#include "base/ticketlock.h"
#include "control/watcher.h"

/*
 * How long the main thread waits for it: a program with one thread may fork at once when
 * it goes on. Not to its end: it may be within an import of what the work imports, too,
 * or have the lock of pending calls.
 */
#define WORK_MSEC 1000

struct attach_state _pyusdt_attached = {.size = sizeof(struct attach_state)};

PyMODINIT_FUNC PyInit__pyusdt_attach(void);

static void answer(uint64_t request, int result)
{
	_pyusdt_attached.result = result;
	__atomic_store_n(&_pyusdt_attached.done, request, __ATOMIC_RELEASE);
}

/* Returns: the request, which is the caller's now; 0: it is served already. */
static uint64_t take(void)
{
	return __atomic_exchange_n(&_pyusdt_attached.asked, 0, __ATOMIC_ACQ_REL);
}

static void answer_early(int error)
{
	uint64_t request = take();

	if (request)
		answer(request, error);
}

/*
 * Is this thread, the main one, within the library itself, as before each fork, when it
 * ends the watcher? The work would wait for that, and the main thread for the work.
 */
static bool is_busy(void)
{
	return ticketlock_any() || watcher_is_stopping();
}

/* With the GIL of the main interpreter. Returns: as struct attach_state has it. */
static int serve(uint64_t events)
{
	struct attach_state *state = &_pyusdt_attached;
	uint64_t enabled = pyusdt_enabled();
	int result;

	state->supported = pyusdt_supported();
	/* What was armed from outside is the program's own once it has changed that. */
	if (enabled != state->armed)
		state->armed = 0;
	if (!events)
		result = state->armed ? pyusdt_disable() : -ENOENT;
	else if (enabled && !state->armed)
		result = -EALREADY;
	else
		result = pyusdt_enable(events == ATTACH_ALL ? state->supported : events);
	state->enabled = pyusdt_enabled();
	if (!result)
		state->armed = state->enabled;
	return result;
}

/*
 * With the GIL of the main interpreter, which enabling lets go of: a request that is
 * asked again meanwhile, because its answer is late, is not served a second time.
 */
static void serve_what_is_asked(void)
{
	static pid_t serving; /* 0: no thread; a child of fork() has not that thread */
	uint64_t request;

	if (serving == getpid())
		return;
	request = take();
	if (!request || request == _pyusdt_attached.done)
		return;
	serving = getpid();
	answer(request, serve(request & ATTACH_EVENTS));
	serving = 0;
}

/* In a thread of its own, without the GIL. */
static void *work(void *unused)
{
	PyGILState_STATE state;

	(void)unused;
	if (!pycompat_usable() || !Py_IsInitialized()) {
		answer_early(-EPERM);
		return NULL;
	}
	/* A thread that CPython does not know is one of the main interpreter's. */
	state = PyGILState_Ensure();
	serve_what_is_asked();
	PyGILState_Release(state);
	return NULL;
}

/* Without the GIL, or without need of it. Returns: as thread_run(). */
static int in_thread(void *(*function)(void *), int msec)
{
	int error = thread_run(function, msec);

	if (error && error != -ETIMEDOUT)
		answer_early(error);
	return error;
}

/* Returns: whether the main thread may have the lock of imports, which the work needs. */
static bool is_importing(void)
{
	PyObject *name = PyUnicode_FromString("_imp");
	PyObject *module = name ? PyImport_GetModule(name) : NULL;
	PyObject *held = module ? PyObject_CallMethod(module, "lock_held", NULL) : NULL;
	bool is = held == Py_True;

	PyErr_Clear();
	Py_XDECREF(held);
	Py_XDECREF(module);
	Py_XDECREF(name);
	return is;
}

/* Called by CPython in the main thread, with the GIL, when that is between instructions.
 */
static int pending(void *unused)
{
	PyThreadState *state;

	(void)unused;
	/* Where it is busy or importing, it is asked again. */
	if (!__atomic_load_n(&_pyusdt_attached.asked, __ATOMIC_ACQUIRE) || is_busy() ||
	    is_importing())
		return 0;
	state = PyEval_SaveThread();
	in_thread(work, WORK_MSEC);
	PyEval_RestoreThread(state);
	return 0;
}

/*
 * In a thread of its own: the main thread may have the lock that this takes. Where the
 * queue is full, it is asked again.
 */
static void *add_pending(void *unused)
{
	(void)unused;
	if (!pycompat_usable() || !Py_IsInitialized())
		answer_early(-EPERM);
	else
		Py_AddPendingCall(pending, NULL);
	return NULL;
}

/* In the main thread, which may have any lock of Python. */
static int from_python(void)
{
	int error = in_thread(add_pending, WORK_MSEC);

	/*
	 * So the lock is not ours. CPython 3.12 looks for a pending call of another
	 * thread only when it next changes threads: it is to see one of the main thread.
	 */
	if (!error && __atomic_load_n(&_pyusdt_attached.asked, __ATOMIC_ACQUIRE))
		Py_AddPendingCall(pending, NULL);
	return error;
}

int _pyusdt_attach(uint64_t request, enum attach_from from)
{
	if (__atomic_load_n(&_pyusdt_attached.done, __ATOMIC_ACQUIRE) == request)
		return 0;
	if (from == ATTACH_BLOCKED && is_busy())
		return -EBUSY;
	__atomic_store_n(&_pyusdt_attached.asked, request, __ATOMIC_RELEASE);
	switch (from) {
	case ATTACH_BLOCKED:
		return in_thread(work, WORK_MSEC);
	case ATTACH_RUNNING:
		return from_python();
	case ATTACH_SCRIPT:
		return pending(NULL);
	}
	return -EINVAL;
}

/* Returns: whether the script is being run, not what it has interrupted. */
static bool is_in_script(void)
{
	PyFrameObject *frame = PyEval_GetFrame(); /* borrowed */
	PyCodeObject *code = frame ? PyFrame_GetCode(frame) : NULL;
	PyObject *name =
		code ? PyObject_GetAttrString((PyObject *)code, "co_name") : NULL;
	bool is = name && PyUnicode_CompareWithASCIIString(name, ATTACH_SCRIPT_NAME) == 0;

	PyErr_Clear();
	Py_XDECREF(name);
	Py_XDECREF((PyObject *)code);
	return is;
}

/* A pending call. @exception: owned. */
static int raise_in_program(void *exception)
{
	if (is_in_script() && Py_AddPendingCall(raise_in_program, exception) == 0)
		return 0;
	PyErr_SetRaisedException(exception);
	return -1;
}

/*
 * A signal handler has raised within the script, which is no part of the program.
 *
 * @exception: owned. Returns: 0; -1, with an exception set.
 */
static int hand_over(PyObject *exception)
{
	if (Py_AddPendingCall(raise_in_program, exception) == 0)
		return 0;
	PyErr_SetRaisedException(exception);
	return -1;
}

static int serve_script(PyObject *spec)
{
	PyObject *number = PyObject_GetAttrString(spec, "request");
	uint64_t request = number ? PyLong_AsUnsignedLongLong(number) : 0;

	Py_XDECREF(number);
	if (PyErr_Occurred())
		return -1;
	_pyusdt_attach(request, ATTACH_SCRIPT);
	return PyObject_SetAttrString(spec, "served", Py_True);
}

/*
 * The way in from a script, see CPython's PEP 768: it has the library loaded as if it
 * were an extension module, and no module is made.
 */
static PyObject *create(PyObject *spec, PyModuleDef *definition)
{
	PyObject *raised = PyObject_GetAttrString(spec, "raised");
	int result;

	(void)definition;
	if (!raised)
		return NULL;
	if (raised == Py_None) {
		Py_DECREF(raised);
		result = serve_script(spec);
	} else {
		result = hand_over(raised);
	}
	return result < 0 ? NULL : Py_NewRef(spec);
}

static PyModuleDef_Slot slots[] = {
	{Py_mod_create, (void *)create},
	{0, NULL},
};

static struct PyModuleDef definition = {
	.m_base = PyModuleDef_HEAD_INIT,
	.m_name = "_pyusdt_attach",
	.m_slots = slots,
};

PyMODINIT_FUNC PyInit__pyusdt_attach(void)
{
	return PyModuleDef_Init(&definition);
}
