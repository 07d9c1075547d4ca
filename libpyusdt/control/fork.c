// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file hides the watcher thread from forks. CPython warns when a program with
 * threads forks, and the watcher is a thread that the program knows nothing of. So it
 * is ended before an os.fork() and started again after that has returned; in the child
 * it is started at once. A program that forks more often than the watcher ticks is
 * served by the looks that the watcher takes when it begins and when it ends.
 *
 * Forks in C cannot be prepared for by Python calls: there all locks are taken before,
 * and in the child what belonged to threads that are not there is put right.
 */
#include "control/fork.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>

#include "account/account.h"
#include "base/closure.h"
#include "base/pycompat.h"
#include "base/ticketlock.h"
#include "code/codelist.h"
#include "code/filters.h"
#include "control/announce.h"
#include "control/registry.h"
#include "control/watcher.h"
#include "monitoring/interp.h"

static bool is_only_thread(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int count = 0;

	if (!tasks)
		return true;
	while (count < 4 && readdir(tasks))
		count++;
	closedir(tasks);
	return count == 3; /* with "." and ".." */
}

/*
 * The frame that called os.fork(), and where in it. It is only compared, for it may be
 * gone. Protected by the GIL; with a fork of another interpreter at the same time the
 * watcher is resumed too early or once more in vain, which does no harm.
 */
static struct {
	PyFrameObject *frame;
	int lasti;
} forking;

static void remember_forking_frame(void)
{
	forking.frame = PyEval_GetFrame(); /* borrowed */
	forking.lasti = forking.frame ? pycompat_frame_lasti(forking.frame) : -1;
}

/*
 * Is os.fork() still at its handlers? Those of others may be Python functions, which run
 * pending calls, and CPython counts threads after them: then our caller is the forking
 * frame, which has not moved.
 */
static bool is_forking(void)
{
	PyFrameObject *frame = PyEval_GetFrame();
	bool is = false;

	if (!frame || frame == forking.frame)
		return false;
	Py_INCREF((PyObject *)frame);
	while (frame && !is) {
		PyFrameObject *back = pycompat_frame_back(frame);

		Py_DECREF((PyObject *)frame);
		frame = back;
		is = frame && frame == forking.frame &&
		     pycompat_frame_lasti(frame) == forking.lasti;
	}
	Py_XDECREF((PyObject *)frame);
	return is;
}

static int resume_later(void *unused)
{
	if (!is_forking() || Py_AddPendingCall(resume_later, unused) < 0)
		watcher_resume();
	return 0;
}

static PyObject *before(PyObject *self, PyObject *const *args, size_t nargsf,
			PyObject *kwnames)
{
	(void)self;
	(void)args;
	(void)nargsf;
	(void)kwnames;
	remember_forking_frame();
	watcher_pause();
	Py_RETURN_NONE;
}

static PyObject *after_in_parent(PyObject *self, PyObject *const *args, size_t nargsf,
				 PyObject *kwnames)
{
	(void)self;
	(void)args;
	(void)nargsf;
	(void)kwnames;
	/* CPython counts the threads after this: a program without others must have one.
	 */
	if (!is_only_thread() || Py_AddPendingCall(resume_later, NULL) < 0)
		watcher_resume();
	Py_RETURN_NONE;
}

static pthread_key_t forked; /* set in the thread that a child began with */
static bool has_forked;

static void forked_thread_ends(void *unused)
{
	(void)unused;
	watcher_abandon();
}

static void make_forked_key(void)
{
	has_forked = pthread_key_create(&forked, forked_thread_ends) == 0;
}

/*
 * A thread other than Python's main one may fork. In the child it is the first and only
 * thread, and with its end the process ends, unless ours is still there.
 *
 * Returns: will ours be gone by then?
 */
static bool end_with_this_thread(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_forked_key);
	return has_forked && pthread_setspecific(forked, &forked) == 0;
}

static PyObject *after_in_child(PyObject *self, PyObject *const *args, size_t nargsf,
				PyObject *kwnames)
{
	(void)self;
	(void)args;
	(void)nargsf;
	(void)kwnames;
	if (!end_with_this_thread())
		watcher_abandon();
	watcher_resume();
	Py_RETURN_NONE;
}

static void prepare(void)
{
	watcher_fork_prepare();
	registry_fork_prepare();
	ticketlock_fork_prepare();
	filters_fork_prepare();
	codelist_fork_prepare();
	account_fork_prepare();
}

static void parent(void)
{
	account_fork_parent();
	codelist_fork_parent();
	filters_fork_done();
	ticketlock_fork_parent();
	registry_fork_parent();
	watcher_fork_parent();
}

static void child(void)
{
	account_fork_child();
	codelist_fork_child();
	filters_fork_done();
	if (registry_fork_child())
		watcher_look_again();
	ticketlock_fork_child();
	watcher_fork_child();
	announce_again();
}

static void hook_c_fork(void)
{
	static bool done; /* the library is never unloaded; GIL or not, once is enough */

	if (!__atomic_exchange_n(&done, true, __ATOMIC_RELAXED))
		pthread_atfork(prepare, parent, child);
}

/* Returns: a new dict for register_at_fork(**kwargs), NULL with an exception set. */
static PyObject *handlers(struct interp *interp)
{
	const struct {
		const char *name;
		vectorcallfunc function;
	} all[] = {
		{"before", before},
		{"after_in_parent", after_in_parent},
		{"after_in_child", after_in_child},
	};
	PyObject *dict = PyDict_New();

	for (size_t i = 0; dict && i < sizeof(all) / sizeof(all[0]); i++) {
		PyObject *handler =
			closure_new(interp->closure_type, all[i].function, interp);

		if (!handler || PyDict_SetItemString(dict, all[i].name, handler) < 0)
			Py_CLEAR(dict);
		Py_XDECREF(handler);
	}
	return dict;
}

int fork_register(struct interp *interp)
{
	PyObject *module = PyImport_ImportModule("posix");
	PyObject *function =
		module ? PyObject_GetAttrString(module, "register_at_fork") : NULL;
	PyObject *keywords = function ? handlers(interp) : NULL;
	PyObject *empty = keywords ? PyTuple_New(0) : NULL;
	PyObject *result = empty ? PyObject_Call(function, empty, keywords) : NULL;
	int error = result ? 0 : -EIO;

	if (!result && PyErr_ExceptionMatches(PyExc_MemoryError))
		error = -ENOMEM;
	PyErr_Clear();
	Py_XDECREF(result);
	Py_XDECREF(empty);
	Py_XDECREF(keywords);
	Py_XDECREF(function);
	Py_XDECREF(module);
	hook_c_fork();
	return error;
}
