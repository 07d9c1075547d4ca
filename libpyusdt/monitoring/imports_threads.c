// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file tells of imports and of threads: it finds the two functions of CPython's
 * standard library that each of them goes through, and reads their local variables when
 * they are entered and left.
 */
#include "monitoring/imports_threads.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/pycompat.h"
#include "base/pyobject.h"
#include "monitoring/interp.h"
#include "probes/probes.h"

/* Returns: this interpreter's own function, a new reference, or NULL. */
static PyObject *import_function(void)
{
	return pyobject_module_member("_frozen_importlib", "_find_and_load");
}

/* Returns: a new reference; NULL, too, while threading is not imported. */
static PyObject *thread_function(void)
{
	PyObject *type = pyobject_module_member("threading", "Thread");
	PyObject *dict = NULL, *function;

	if (type && PyType_Check(type))
		dict = pycompat_type_dict((PyTypeObject *)type);
	function = pyobject_dict_get(dict, "_bootstrap_inner");
	Py_XDECREF(dict);
	Py_XDECREF(type);
	return function;
}

bool imports_threads_may_be(const struct codemeta *code)
{
	return !strcmp(code->qualname, "_find_and_load") ||
	       !strcmp(code->qualname, "Thread._bootstrap_inner");
}

/* @function is stolen, may be NULL. */
static void move(struct interp *interp, enum scope scope, PyObject *function)
{
	bool is_there = function && pycompat_is_function(function);

	monitoring_move(&interp->monitoring, scope,
			is_there ? pycompat_function_code(function) : NULL);
	Py_XDECREF(function);
}

void imports_threads_find(struct interp *interp, const struct monitor_sets *wanted)
{
	if (wanted->in[SCOPE_IMPORT])
		move(interp, SCOPE_IMPORT, import_function());
	if (wanted->in[SCOPE_THREAD])
		move(interp, SCOPE_THREAD, thread_function());
}

/* Returns: the local variable of the function that runs, a new reference, or NULL. */
static PyObject *local(const char *name)
{
	PyFrameObject *frame = PyEval_GetFrame(); /* borrowed */

	return frame ? pycompat_frame_local(frame, name) : NULL;
}

/*
 * @text: a str, or anything else, or NULL.
 *
 * Returns: its UTF-8, "" where there is none; valid as long as @bytes, a new reference.
 */
static const char *utf8(PyObject *text, PyObject **bytes)
{
	*bytes = text && PyUnicode_Check(text) ? pyobject_utf8(text) : NULL;
	if (*bytes)
		return PyBytes_AsString(*bytes);
	PyErr_Clear();
	return "";
}

static bool is_wanted(uint64_t events, enum event event)
{
	return events & event_bit(event) && probe_watched(event);
}

static void import_entered(uint64_t events)
{
	PyObject *name = local("name"), *bytes;
	const char *module = utf8(name, &bytes);

	if (is_wanted(events, EVENT_IMPORT_START))
		probe_IMPORT_START(module);
	if (is_wanted(events, EVENT_PYTHON_IMPORT_START))
		probe_PYTHON_IMPORT_START(module);
	Py_XDECREF(bytes);
	Py_XDECREF(name);
}

static void import_left(struct interp *interp, uint64_t events, bool found)
{
	PyObject *name = local("name"), *bytes;
	const char *module = utf8(name, &bytes);

	if (is_wanted(events, EVENT_IMPORT_DONE))
		probe_IMPORT_DONE(module, found);
	if (is_wanted(events, EVENT_PYTHON_IMPORT_DONE))
		probe_PYTHON_IMPORT_DONE(module, found);
	/* Now there is a function to look at, before it can be called. */
	if (events & THREAD_EVENTS && found && !strcmp(module, "threading"))
		interp->refresh(interp);
	Py_XDECREF(bytes);
	Py_XDECREF(name);
}

/* @event: THREAD_START or THREAD_EXIT. */
static void thread_event(uint64_t events, enum event event)
{
	PyObject *self, *dict, *name, *bytes;
	const char *text;
	long id = syscall(SYS_gettid);

	if (!is_wanted(events, event))
		return;
	self = local("self");
	/* The real one: a class may have an attribute __dict__ of its own. */
	dict = self ? PyObject_GenericGetDict(self, NULL) : NULL;
	PyErr_Clear();
	name = pyobject_dict_str(dict, "_name");
	text = utf8(name, &bytes);
	if (event == EVENT_THREAD_START)
		probe_THREAD_START(text, id);
	else
		probe_THREAD_EXIT(text, id);
	Py_XDECREF(bytes);
	Py_XDECREF(name);
	Py_XDECREF(dict);
	Py_XDECREF(self);
}

void imports_threads_entered(struct interp *interp, uint64_t events, PyObject *code)
{
	if (code == interp->monitoring.code[SCOPE_IMPORT])
		import_entered(events);
	else if (code == interp->monitoring.code[SCOPE_THREAD])
		thread_event(events, EVENT_THREAD_START);
}

void imports_threads_left(struct interp *interp, uint64_t events, PyObject *code,
			  bool returned)
{
	if (code == interp->monitoring.code[SCOPE_IMPORT])
		import_left(interp, events, returned);
	else if (code == interp->monitoring.code[SCOPE_THREAD])
		thread_event(events, EVENT_THREAD_EXIT);
}
