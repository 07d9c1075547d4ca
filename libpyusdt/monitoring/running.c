// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file goes along the frames of all threads of an interpreter. Not by
 * sys._current_frames(): hooks of the program are told of that, and where interpreters
 * share a thread it knows one of its stacks.
 */
#include "monitoring/running.h"

#include "base/pycompat.h"
#include "monitoring/interp.h"

static void add_code_of(struct interp *interp, PyFrameObject *frame)
{
	PyObject *code = (PyObject *)PyFrame_GetCode(frame);
	PyObject *globals;

	if (!codetable_find(&interp->codes, code)) {
		globals = pycompat_frame_globals(frame);
		interp_add_code(interp, code, globals);
		Py_XDECREF(globals);
	}
	Py_DECREF(code);
}

/* @frame is stolen, may be NULL. */
static void add_stack(struct interp *interp, PyFrameObject *frame)
{
	while (frame) {
		PyFrameObject *back = pycompat_frame_back(frame);

		add_code_of(interp, frame);
		Py_DECREF(frame);
		frame = back;
	}
}

void running_find(struct interp *interp)
{
	PyThreadState *state = pycompat_first_state(interp->state);

	for (; state; state = pycompat_next_state(state))
		add_stack(interp, PyThreadState_GetFrame(state));
}
