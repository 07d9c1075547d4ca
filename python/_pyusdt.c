// SPDX-License-Identifier: BSD-2-Clause
/*
 * The Python binding: argument conversion, and what Python does not have for its own
 * programs. python/pyusdt has what users see.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "pyusdt.h"

/* Returns: @result where it is no error; else -1 with OSError set. */
static int check(int result)
{
	PyObject *arguments;

	if (result >= 0)
		return result;
	arguments = Py_BuildValue("is", -result, pyusdt_strerror(result));
	if (arguments) {
		PyErr_SetObject(PyExc_OSError, arguments);
		Py_DECREF(arguments);
	}
	return -1;
}

static PyObject *none_or_error(int result)
{
	return check(result) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *enable(PyObject *module, PyObject *argument)
{
	unsigned long long mask = PyLong_AsUnsignedLongLong(argument);

	(void)module;
	if (PyErr_Occurred())
		return NULL;
	return none_or_error(pyusdt_enable(mask));
}

static PyObject *disable(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return none_or_error(pyusdt_disable());
}

static PyObject *poll(PyObject *module, PyObject *unused)
{
	int changed = check(pyusdt_poll());

	(void)module;
	(void)unused;
	return changed < 0 ? NULL : PyBool_FromLong(changed);
}

static PyObject *enabled(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyLong_FromUnsignedLongLong(pyusdt_enabled());
}

static PyObject *active(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyLong_FromUnsignedLongLong(pyusdt_active());
}

static PyObject *supported(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyLong_FromUnsignedLongLong(pyusdt_supported());
}

/*
 * The converters of PyArg_ParseTuple(): what an option has no room for becomes a number
 * that no option can be.
 *
 * Returns: 1, or 0 with an exception set.
 */
static int to_int(PyObject *argument, void *number)
{
	int overflow;
	long value = PyLong_AsLongAndOverflow(argument, &overflow);

	if (value == -1 && PyErr_Occurred())
		return 0;
	if (overflow || value < INT_MIN || value > INT_MAX)
		value = INT_MIN;
	*(int *)number = (int)value;
	return 1;
}

static int to_unsigned(PyObject *argument, void *number)
{
	int overflow;
	long value = PyLong_AsLongAndOverflow(argument, &overflow);

	if (value == -1 && PyErr_Occurred())
		return 0;
	if (overflow || value < 0 || value > UINT_MAX)
		value = UINT_MAX;
	*(unsigned int *)number = (unsigned int)value;
	return 1;
}

/* (poll_msec, values, value_max, tool_id, include, exclude) */
static PyObject *configure(PyObject *module, PyObject *arguments)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	(void)module;
	if (!PyArg_ParseTuple(arguments, "O&O&O&O&ss", to_unsigned, &options.poll_msec,
			      to_int, &options.values, to_unsigned, &options.value_max,
			      to_int, &options.tool_id, &options.include,
			      &options.exclude))
		return NULL;
	return none_or_error(pyusdt_configure(&options));
}

static PyObject *options_get(PyObject *module, PyObject *unused)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	(void)module;
	(void)unused;
	if (check(pyusdt_options_get(&options)) < 0)
		return NULL;
	return Py_BuildValue("IiIiss", options.poll_msec, options.values,
			     options.value_max, options.tool_id, options.include,
			     options.exclude);
}

/* Returns: what is wrong with the pattern, or None. */
static PyObject *pattern_error(PyObject *module, PyObject *argument)
{
	PyObject *bytes = PyUnicode_AsUTF8String(argument);
	const char *error;

	(void)module;
	if (!bytes)
		return NULL;
	error = pyusdt_pattern_error(PyBytes_AsString(bytes));
	Py_DECREF(bytes);
	return error ? PyUnicode_FromString(error) : Py_NewRef(Py_None);
}

/* Returns: a new dict of the layout's fields, or OSError that says why there is none. */
static PyObject *layout(PyObject *module, PyObject *unused)
{
	const char *why;
	const struct pyusdt_layout *found = pyusdt_layout(&why);
	PyObject *arguments;

	(void)module;
	(void)unused;
	if (found)
		return Py_BuildValue(
			"{sIsIsLsIsIsIsIsIsIsIsIsIsIsIsIsIsIsIsI}", "size", found->size,
			"python", found->python, "tstate", (long long)found->tstate,
			"frame", found->frame, "frame_indirect", found->frame_indirect,
			"previous", found->previous, "code", found->code, "owner",
			found->owner, "instr", found->instr, "first_shim",
			found->first_shim, "name", found->name, "qualname",
			found->qualname, "filename", found->filename, "firstlineno",
			found->firstlineno, "bytecode", found->bytecode, "ascii",
			found->ascii, "thread_id", found->thread_id, "interpreter",
			found->interpreter, "gil", found->gil);
	arguments = Py_BuildValue("is", ENOTSUP, why);
	if (arguments) {
		PyErr_SetObject(PyExc_OSError, arguments);
		Py_DECREF(arguments);
	}
	return NULL;
}

static PyObject *profile_begin(PyObject *module, PyObject *argument)
{
	unsigned long flags = PyLong_AsUnsignedLong(argument);

	(void)module;
	if (PyErr_Occurred())
		return NULL;
	return none_or_error(
		pyusdt_profile_begin(flags > UINT_MAX ? UINT_MAX : (unsigned int)flags));
}

static PyObject *profile_end(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return none_or_error(pyusdt_profile_end());
}

static PyObject *profile_free(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return none_or_error(pyusdt_profile_free());
}

/* Returns: 0, or 1 with an exception set. */
static int append_node(const struct pyusdt_profile_node *node, void *list)
{
	const struct pyusdt_sums *sums = &node->sums;
	long long parent = node->parent == UINT32_MAX ? -1 : (long long)node->parent;
	PyObject *tuple = Py_BuildValue(
		"LKsssiKKKKKK", parent, (unsigned long long)node->id, node->name,
		node->qualname, node->filename, node->line,
		(unsigned long long)sums->calls, (unsigned long long)sums->own,
		(unsigned long long)sums->total, (unsigned long long)sums->max,
		(unsigned long long)sums->resumes, (unsigned long long)sums->exceptions);
	int error = tuple ? PyList_Append(list, tuple) : -1;

	Py_XDECREF(tuple);
	return error < 0;
}

/*
 * Returns: a new list of (index of the caller's or -1, code id, name, qualname, file,
 * line, calls, own, total, max, resumes, exceptions), callers before those they call.
 */
static PyObject *profile_nodes(PyObject *module, PyObject *unused)
{
	PyObject *list = PyList_New(0);
	int result = list ? pyusdt_profile_visit(append_node, list) : 0;

	(void)module;
	(void)unused;
	if (result)
		Py_CLEAR(list);
	check(result);
	return list;
}

/*
 * Returns: the environment variable, or None: also where the process has more rights than
 * who has started it, who then must not choose what it is told to do.
 */
static PyObject *environment(PyObject *module, PyObject *argument)
{
	PyObject *name = PyUnicode_AsUTF8String(argument);
	const char *value;

	(void)module;
	if (!name)
		return NULL;
	value = secure_getenv(PyBytes_AsString(name));
	Py_DECREF(name);
	return value ? PyUnicode_DecodeFSDefault(value) : Py_NewRef(Py_None);
}

/*
 * (source, filename). What the interpreter itself runs it compiles in this way; compile()
 * makes all classes of the module ast before anything else, which is most of what it
 * would take to start a short program.
 *
 * Returns: a new code object.
 */
static PyObject *compile(PyObject *module, PyObject *arguments)
{
	const char *source;
	PyObject *filename, *code;

	(void)module;
	if (!PyArg_ParseTuple(arguments, "yO&", &source, PyUnicode_FSConverter,
			      &filename))
		return NULL;
	code = Py_CompileString(source, PyBytes_AsString(filename), Py_file_input);
	Py_DECREF(filename);
	return code;
}

static void fail(int status, void *unused)
{
	(void)unused;
	/* Goes on with what was registered before this. */
	if (!status)
		exit(EXIT_FAILURE);
}

/*
 * The process ends with status 1, not 0. To be called where Python ends and it is too
 * late for an exception.
 */
static PyObject *fail_at_exit(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	if (on_exit(fail, NULL))
		return PyErr_NoMemory();
	Py_RETURN_NONE;
}

static PyObject *version(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return PyUnicode_FromString(pyusdt_version());
}

/* Returns: a new list of (name, bit), in the order of the bits. */
static PyObject *events(PyObject *module, PyObject *unused)
{
	PyObject *list = PyList_New(0);

	(void)module;
	(void)unused;
	for (int i = 0; i < 64 && list; i++) {
		const char *name = pyusdt_event_name(UINT64_C(1) << i);
		PyObject *event;

		if (!name)
			continue;
		event = Py_BuildValue("sK", name, 1ULL << i);
		if (!event || PyList_Append(list, event) < 0)
			Py_CLEAR(list);
		Py_XDECREF(event);
	}
	return list;
}

static PyMethodDef methods[] = {
	{"enable", enable, METH_O, NULL},
	{"disable", disable, METH_NOARGS, NULL},
	{"poll", poll, METH_NOARGS, NULL},
	{"enabled", enabled, METH_NOARGS, NULL},
	{"active", active, METH_NOARGS, NULL},
	{"supported", supported, METH_NOARGS, NULL},
	{"configure", configure, METH_VARARGS, NULL},
	{"options", options_get, METH_NOARGS, NULL},
	{"layout", layout, METH_NOARGS, NULL},
	{"pattern_error", pattern_error, METH_O, NULL},
	{"profile_begin", profile_begin, METH_O, NULL},
	{"profile_end", profile_end, METH_NOARGS, NULL},
	{"profile_free", profile_free, METH_NOARGS, NULL},
	{"profile_nodes", profile_nodes, METH_NOARGS, NULL},
	{"environment", environment, METH_O, NULL},
	{"compile", compile, METH_VARARGS, NULL},
	{"fail_at_exit", fail_at_exit, METH_NOARGS, NULL},
	{"version", version, METH_NOARGS, NULL},
	{"events", events, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static int add_constants(PyObject *module)
{
	return PyModule_AddIntConstant(module, "PROFILE_TREE", PYUSDT_PROFILE_TREE) < 0 ||
			       PyModule_AddIntConstant(module, "PROFILE_C_FUNCTIONS",
						       PYUSDT_PROFILE_C_FUNCTIONS) < 0
		       ? -1
		       : 0;
}

static PyModuleDef_Slot slots[] = {
	{Py_mod_exec, add_constants},
	{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#ifdef Py_MOD_GIL_NOT_USED
	{Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
	{0, NULL},
};

static struct PyModuleDef definition = {
	.m_base = PyModuleDef_HEAD_INIT,
	.m_name = "_pyusdt",
	.m_methods = methods,
	.m_slots = slots,
};

PyMODINIT_FUNC PyInit__pyusdt(void);

PyMODINIT_FUNC PyInit__pyusdt(void)
{
	return PyModuleDef_Init(&definition);
}
