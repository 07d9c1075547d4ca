// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the benchmarks compare with, and what they count by: the cheapest callback that
 * sys.monitoring can have, and a function whose instructions callgrind counts. Built for
 * the benchmarks only, against the stable ABI as the library is.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *noop(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	(void)self;
	(void)args;
	(void)nargs;
	return Py_None;
}

/* By these names callgrind knows where to count: see callgrind.py. */
PyObject *pyusdt_bench_region(PyObject *callable, PyObject *argument);
PyObject *pyusdt_bench_thread(PyObject *callable, PyObject *argument);

static inline PyObject *call(PyObject *callable, PyObject *argument)
{
	PyObject *args[] = {NULL, argument};

	return PyObject_Vectorcall(callable, args + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET,
				   NULL);
}

/* At its end a part of the count ends. */
__attribute__((noinline, visibility("default"))) PyObject *
pyusdt_bench_region(PyObject *callable, PyObject *argument)
{
	return call(callable, argument);
}

/* In another thread while a region is open: counted with it. */
__attribute__((noinline, visibility("default"))) PyObject *
pyusdt_bench_thread(PyObject *callable, PyObject *argument)
{
	/* Else the compiler makes one function of the two. */
	__asm__ volatile("/* thread */");
	return call(callable, argument);
}

static PyObject *region(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	(void)self;
	if (nargs != 2) {
		PyErr_SetString(PyExc_TypeError, "region(callable, argument)");
		return NULL;
	}
	return pyusdt_bench_region(args[0], args[1]);
}

static PyObject *thread(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	(void)self;
	if (nargs != 2) {
		PyErr_SetString(PyExc_TypeError, "thread(callable, argument)");
		return NULL;
	}
	return pyusdt_bench_thread(args[0], args[1]);
}

static PyMethodDef methods[] = {
	{"noop", (PyCFunction)(void (*)(void))noop, METH_FASTCALL,
	 "Takes anything and does nothing."},
	{"region", (PyCFunction)(void (*)(void))region, METH_FASTCALL,
	 "region(callable, argument): call it, and let callgrind count."},
	{"thread", (PyCFunction)(void (*)(void))thread, METH_FASTCALL,
	 "thread(callable, argument): the same, in another thread."},
	{NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
	{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
	{0, NULL},
};

static struct PyModuleDef definition = {
	.m_base = PyModuleDef_HEAD_INIT,
	.m_name = "floor",
	.m_methods = methods,
	.m_slots = slots,
};

PyMODINIT_FUNC PyInit_floor(void);
PyMODINIT_FUNC PyInit_floor(void)
{
	return PyModuleDef_Init(&definition);
}
