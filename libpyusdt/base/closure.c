// SPDX-License-Identifier: BSD-2-Clause
/* This file is the Python type whose instances are C functions with a context. */
#include "base/closure.h"

#include <stddef.h>

static void closure_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);

	PyObject_Free(self);
	Py_DECREF(type);
}

static PyMemberDef members[] = {
	{"__vectorcalloffset__", Py_T_PYSSIZET, offsetof(struct closure, function),
	 Py_READONLY, NULL},
	{NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_dealloc, closure_dealloc},
	{Py_tp_call, PyVectorcall_Call},
	{Py_tp_members, members},
	{0, NULL},
};

static PyType_Spec spec = {
	.name = "pyusdt.callable",
	.basicsize = sizeof(struct closure),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
		 Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = slots,
};

PyTypeObject *closure_type_new(void)
{
	return (PyTypeObject *)PyType_FromSpec(&spec);
}

PyObject *closure_new(PyTypeObject *type, vectorcallfunc function, void *context)
{
	struct closure *self = PyObject_New(struct closure, type);

	if (!self)
		return NULL;
	self->function = function;
	self->context = context;
	return (PyObject *)self;
}
