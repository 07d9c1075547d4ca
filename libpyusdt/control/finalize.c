// SPDX-License-Identifier: BSD-2-Clause
/* This file has everything released when the atexit handlers of an interpreter run. */
#include "control/finalize.h"

#include <errno.h>

#include "base/closure.h"
#include "control/control.h"
#include "monitoring/interp.h"

static PyObject *at_exit(PyObject *self, PyObject *const *args, size_t nargsf,
			 PyObject *kwnames)
{
	(void)args;
	(void)nargsf;
	(void)kwnames;
	control_close(closure_context(self));
	Py_RETURN_NONE;
}

int finalize_register(struct interp *interp)
{
	PyObject *handler = closure_new(interp->closure_type, at_exit, interp);
	PyObject *module = handler ? PyImport_ImportModule("atexit") : NULL;
	PyObject *result =
		module ? PyObject_CallMethod(module, "register", "O", handler) : NULL;
	int error = result ? 0 : -EIO;

	if (!result && PyErr_ExceptionMatches(PyExc_MemoryError))
		error = -ENOMEM;
	PyErr_Clear();
	Py_XDECREF(result);
	Py_XDECREF(module);
	Py_XDECREF(handler);
	return error;
}
