// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file walks the stack of the calling thread as a BPF program would, and compares
 * each frame with what CPython itself says of it. It reads through safe_read(): the
 * layout that is tested may be wrong.
 */
#include "layout/layout_check.h"

#include <string.h>

#include "base/closure.h"
#include "base/pycompat.h"
#include "base/safe_read.h"
#include "layout/layout_tstate.h"

/* More than this need not be compared. */
#define MAX_FRAMES 64

/* CPython has one wherever C calls Python, and so never two in a row. */
#define MAX_SHIMS 8

/*
 * What the walk reads is what we test: it may be anything, also no address. So it reads
 * as a BPF program does, which gets nothing at a wrong address.
 */
struct walk {
	const struct pyusdt_layout *layout;
	const char *frame; /* NULL at the end */
};

static const char *pointer_at(const char *object, uint32_t offset)
{
	const char *pointer = NULL;

	return safe_read(&pointer, object, offset, sizeof(pointer)) ? pointer : NULL;
}

static bool is_shim(const struct walk *walk)
{
	unsigned char owner = 0;

	return safe_read(&owner, walk->frame, walk->layout->owner, sizeof(owner)) &&
	       owner >= walk->layout->first_shim;
}

/* With a wrong layout this might not end, so that it is counted. */
static void skip_shims(struct walk *walk)
{
	int count = 0;

	while (walk->frame && is_shim(walk))
		walk->frame = ++count < MAX_SHIMS
				      ? pointer_at(walk->frame, walk->layout->previous)
				      : NULL;
}

static void walk_begin(struct walk *walk, const struct pyusdt_layout *layout,
		       const void *state)
{
	walk->layout = layout;
	walk->frame = pointer_at(state, layout->frame);
	if (walk->frame && layout->frame_indirect)
		walk->frame = pointer_at(walk->frame, 0);
	skip_shims(walk);
}

static void walk_next(struct walk *walk)
{
	walk->frame = pointer_at(walk->frame, walk->layout->previous);
	skip_shims(walk);
}

/* Is the attribute @name of @code the very object that the layout finds at @offset? */
static bool same_attribute(PyObject *code, const char *name, uint32_t offset)
{
	PyObject *value = PyObject_GetAttrString(code, name);
	bool same =
		value && (const char *)value == pointer_at((const char *)code, offset);

	Py_XDECREF(value);
	return same;
}

static bool same_first_line(PyObject *code, uint32_t offset)
{
	PyObject *value = PyObject_GetAttrString(code, "co_firstlineno");
	bool same;
	int line = 0;

	same = value && safe_read(&line, code, offset, sizeof(line)) &&
	       line == PyLong_AsLong(value);
	Py_XDECREF(value);
	return same;
}

static bool same_text(PyObject *code, const struct pyusdt_layout *layout)
{
	const char *text = pointer_at((const char *)code, layout->name);
	PyObject *name = PyObject_GetAttrString(code, "co_name");
	PyObject *ascii = name ? PyUnicode_AsASCIIString(name) : NULL;
	bool same = true;

	/* A name outside ASCII cannot be compared, and is no proof against the layout. */
	PyErr_Clear();
	if (ascii) {
		char seen[64];
		size_t size = (size_t)PyBytes_Size(ascii) + 1;

		if (size > sizeof(seen))
			size = sizeof(seen);
		same = safe_read(seen, text, layout->ascii, size) &&
		       !memcmp(seen, PyBytes_AsString(ascii), size);
	}
	Py_XDECREF(ascii);
	Py_XDECREF(name);
	return same;
}

static bool same_code(const struct walk *walk, PyObject *code)
{
	const struct pyusdt_layout *layout = walk->layout;
	uintptr_t seen = (uintptr_t)pointer_at(walk->frame, layout->code) & ~(uintptr_t)3;

	return seen == (uintptr_t)code && same_attribute(code, "co_name", layout->name) &&
	       same_attribute(code, "co_qualname", layout->qualname) &&
	       same_attribute(code, "co_filename", layout->filename) &&
	       same_first_line(code, layout->firstlineno) && same_text(code, layout);
}

static bool same_frame(const struct walk *walk, PyFrameObject *frame)
{
	PyObject *code = (PyObject *)PyFrame_GetCode(frame);
	const char *instruction = pointer_at(walk->frame, walk->layout->instr);
	const char *first = (const char *)code + walk->layout->bytecode;
	bool same = same_code(walk, code) &&
		    instruction - first == pycompat_frame_lasti(frame);

	Py_DECREF(code);
	return same;
}

/*
 * @state: where the walk begins.
 *
 * Returns: how many frames were compared, -1 where one differs.
 */
static int compare_stack(const struct pyusdt_layout *layout, const void *state)
{
	PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get());
	struct walk walk;
	int count = 0;

	walk_begin(&walk, layout, state);
	while (frame && walk.frame && count < MAX_FRAMES) {
		PyFrameObject *back = pycompat_frame_back(frame);
		bool same = same_frame(&walk, frame);

		Py_DECREF(frame);
		frame = back;
		if (!same) {
			Py_XDECREF((PyObject *)frame);
			return -1;
		}
		walk_next(&walk);
		count++;
	}
	if (count < MAX_FRAMES && (frame || walk.frame))
		count = -1;
	Py_XDECREF((PyObject *)frame);
	return count;
}

struct check {
	const struct pyusdt_layout *layout;
	const void *state;
	int count;
};

static PyObject *check_here(PyObject *self, PyObject *const *args, size_t nargsf,
			    PyObject *kwnames)
{
	struct check *check = closure_context(self);

	(void)args;
	(void)nargsf;
	(void)kwnames;
	check->count = compare_stack(check->layout, check->state);
	Py_RETURN_NONE;
}

/*
 * What runs where no other Python function does: C calls it, and calls the last of it. No
 * two of its code objects have the same line or name, nor one of them the same name and
 * qualified name, and one is a generator's.
 */
static const char made[] = "(\n"
			   "\n"
			   "lambda: [*\n"
			   "\n"
			   "(check() for _ in '.')]\n"
			   ")()";

/* Compare the stack of the functions that are made for it. */
static int compare_made_stack(PyTypeObject *closure_type,
			      const struct pyusdt_layout *layout, const void *state)
{
	struct check check = {layout, state, -1};
	PyObject *code = Py_CompileString(made, "<pyusdt>", Py_eval_input);
	PyObject *globals = PyDict_New();
	PyObject *function = closure_new(closure_type, check_here, &check);
	PyObject *result = NULL;

	if (code && globals && function &&
	    PyDict_SetItemString(globals, "check", function) == 0)
		result = PyEval_EvalCode(code, globals, globals);
	PyErr_Clear();
	Py_XDECREF(result);
	Py_XDECREF(function);
	Py_XDECREF(globals);
	Py_XDECREF(code);
	return check.count;
}

static bool check_from(PyTypeObject *closure_type, const struct pyusdt_layout *layout,
		       const void *state)
{
	int count = compare_stack(layout, state);

	if (count == 0)
		count = compare_made_stack(closure_type, layout, state);
	return count > 0;
}

bool layout_check_frames(PyTypeObject *closure_type, const struct pyusdt_layout *layout)
{
	return check_from(closure_type, layout, PyThreadState_Get());
}

bool layout_check(PyTypeObject *closure_type, const struct pyusdt_layout *layout,
		  const char **why)
{
	if (check_from(closure_type, layout, layout_tstate_at(layout->tstate)))
		return true;
	*why = "the frames found are not those that CPython itself reports";
	return false;
}

bool layout_check_thread_id(const struct pyusdt_layout *layout)
{
	const char *state = layout_tstate_at(layout->tstate);
	const char *thread = pointer_at(state, layout->thread_id);

	return thread && thread == __builtin_thread_pointer();
}

bool layout_check_gil(const struct pyusdt_layout *layout)
{
	PyThreadState *state = PyThreadState_Get();
	const char *interpreter = pointer_at((const char *)state, layout->interpreter);
	const char *gil;

	if (interpreter != (const char *)PyThreadState_GetInterpreter(state))
		return false;
	gil = pointer_at(interpreter, layout->gil);
	return gil && pointer_at(gil, PYUSDT_GIL_HOLDER) == (const char *)state &&
	       *(const int *)(gil + PYUSDT_GIL_LOCKED) == 1;
}
