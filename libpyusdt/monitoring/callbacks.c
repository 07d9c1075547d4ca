// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file is the way of an event from sys.monitoring to the probes: is it wanted, of
 * which code is it, do the filters let it through, what is its value. on_event() is the
 * whole of it; read that first.
 */
#include "monitoring/callbacks.h"

#include <string.h>

#include "account/events.h"
#include "account/telling.h"
#include "base/closure.h"
#include "base/pycompat.h"
#include "code/codemeta.h"
#include "monitoring/imports_threads.h"
#include "monitoring/interp.h"
#include "monitoring/visible.h"
#include "probes/probes.h"
#include "pyusdt.h"
#include "value/callable_names.h"
#include "value/format.h"
#include "value/value_options.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define COLD          __attribute__((cold, noinline))

/*
 * Three columns of events.def, see there. In each callback they are constants, and all
 * that follows is inlined into it: of the choices nothing is left.
 */
enum arguments {
	ARGUMENTS_OFFSET,
	ARGUMENTS_OBJECT,
	ARGUMENTS_EXCEPTION,
	ARGUMENTS_DESTINATION,
	ARGUMENTS_LINE,
};
enum value { VALUE_NONE, VALUE_OBJECT, VALUE_CALLABLE, VALUE_EXCEPTION };
enum also {
	ALSO_NOTHING,
	ALSO_ENTRY,
	ALSO_EXIT,
	ALSO_LINE,
	ALSO_BRANCH,
	ALSO_C,
	ALSO_C_EXIT,
};

/* What is not told now, but counted. */
#define ACCOUNTS (PYUSDT_PROFILE | INTERP_KEEPING | INTERP_KEEPING_C)

/* What has to do with code that is new to it. */
#define NEW (ACCOUNTS | INTERP_MEETING)

static COLD struct codemeta *add_running_code(struct interp *interp, PyObject *code)
{
	return interp_add_code(interp, code, PyEval_GetGlobals());
}

/* @code: what runs now. Returns: NULL where nothing can be told of it. */
static ALWAYS_INLINE struct codemeta *code_of(struct interp *interp, PyObject *code)
{
	struct codemeta *meta = codetable_find(&interp->codes, code);

	return meta ? meta : add_running_code(interp, code);
}

/* Returns: that of a function's code, or NULL. */
static const struct codemeta *code_of_function(struct interp *interp, PyObject *function,
					       PyObject *code)
{
	const struct codemeta *meta = codetable_find(&interp->codes, code);

	return meta ? meta
		    : interp_add_code(interp, code, pycompat_function_globals(function));
}

/* Returns: a function's name, that of its code, or NULL where it has none that fits. */
#ifdef Py_GIL_DISABLED
static const char *function_name(struct interp *interp, char *buffer, size_t size,
				 PyObject *function)
{
	/* Another thread may give the function other code, and this one is gone. */
	PyObject *code = Py_NewRef(pycompat_function_code(function));
	const struct codemeta *meta = code_of_function(interp, function, code);
	const char *name = NULL;

	if (meta && meta->full_size <= size)
		name = memcpy(buffer, meta->full_name, meta->full_size);
	Py_DECREF(code);
	return name;
}
#else
static ALWAYS_INLINE const char *function_name(struct interp *interp, char *buffer,
					       size_t size, PyObject *function)
{
	const struct codemeta *meta =
		code_of_function(interp, function, pycompat_function_code(function));

	(void)buffer;
	return meta && meta->full_size <= size ? meta->full_name : NULL;
}
#endif

/* The events that may be disabled where they happen, in every CPython. */
#define DISABLEABLE                                                                 \
	(MONITOR(PY_START) | MONITOR(PY_RESUME) | MONITOR(PY_RETURN) |              \
	 MONITOR(PY_YIELD) | MONITOR(CALL) | MONITOR(LINE) | MONITOR(INSTRUCTION) | \
	 MONITOR(JUMP) | MONITOR(BRANCH) | MONITOR(BRANCH_LEFT) |                   \
	 MONITOR(BRANCH_RIGHT) | MONITOR(STOP_ITERATION))

/*
 * The answer to an event of code that is not visible: DISABLE, so that it costs nothing
 * from now on. A filter is about code, so that all who share the event agree.
 */
static COLD PyObject *refuse(struct interp *interp, const struct codemeta *code,
			     enum event event)
{
	if (imports_threads_may_be(code) || account_ends_process(code) ||
	    !(DISABLEABLE & (monitor_set)1 << event))
		return Py_None;
	if (!code->own && !interp_refuse(interp, code))
		return Py_None;
	return Py_NewRef(interp->monitoring.disable);
}

/*
 * sys.monitoring passes what the event has; but register_callback() hands our callbacks
 * out to any program that asks.
 */
static ALWAYS_INLINE bool has_arguments(size_t nargsf, enum arguments arguments)
{
	size_t count =
		arguments == ARGUMENTS_OFFSET || arguments == ARGUMENTS_LINE ? 2 : 3;

	return (nargsf & ~PY_VECTORCALL_ARGUMENTS_OFFSET) >= count;
}

/*
 * CPython passes small ints; another caller may pass anything. Only an int itself is
 * read: of anything else __index__() would be asked, which is code of the program, and
 * may disable all that the callback is at work with.
 *
 * Returns: -1, as where there is none, for what is no such number.
 */
static ALWAYS_INLINE long number(PyObject *argument)
{
	int overflow;

	return PyLong_CheckExact(argument) ? PyLong_AsLongAndOverflow(argument, &overflow)
					   : -1;
}

/*
 * The line that runs. Instructions that clean up after an exception have none; then the
 * frame knows which one it came from.
 */
static int current_line(const struct codemeta *code, long offset)
{
	PyFrameObject *frame;
	int line = pycompat_line(code->code, (int)offset);

	if (line >= 0)
		return line;
	frame = PyEval_GetFrame();
	line = frame ? PyFrame_GetLineNumber(frame) : -1;
	return line >= 0 ? line : code->line;
}

/* Most callables are functions, whose name is at hand: it is that of their code. */
static const char *callable_text(struct interp *interp, char *buffer, size_t size,
				 PyObject *callable)
{
	PyObject *function = callable;
	const char *name = NULL;

	if (pycompat_is_method(callable))
		function = pycompat_method_function(callable);
	if (pycompat_is_function(function))
		name = function_name(interp, buffer, size, function);
	else if (function == callable)
		name = callable_names_get(&interp->callable_names, callable, size);
	return name ? name : format_callable(buffer, size, callable);
}

/*
 * What a probe says of the event's object.
 *
 * Returns: a text in @buffer, or one that lasts as long as @object; NULL where no values
 * are wanted.
 */
static ALWAYS_INLINE const char *text_of(struct interp *interp, char *buffer,
					 PyObject *object, enum value value)
{
	unsigned int size = value_options_size();

	if (!size)
		return NULL;
	switch (value) {
	case VALUE_NONE:
		break;
	case VALUE_OBJECT:
		return format_value(buffer, size, object);
	case VALUE_CALLABLE:
		return callable_text(interp, buffer, size, object);
	case VALUE_EXCEPTION:
		return format_exception(buffer, size, object);
	}
	return NULL;
}

/*
 * Hit the event's own probe with what the value's __repr__ says. That lets other threads
 * run, and they may disarm all: the code object is looked up anew.
 */
static COLD void tell_by_repr(struct interp *interp, PyObject *const *args,
			      probe_fn *probe)
{
	char buffer[FORMAT_MAX];
	unsigned int size = value_options_size();
	const char *text = size ? format_repr(buffer, size, args[2]) : NULL;
	const struct codemeta *code = codetable_find(&interp->codes, args[0]);

	if (code)
		probe(code, code->line, number(args[1]), text, args[2]);
}

/* Hit the event's own probe. */
static ALWAYS_INLINE void tell(struct interp *interp, const struct codemeta *code,
			       PyObject *const *args, enum arguments arguments,
			       enum value value, probe_fn *probe)
{
	char buffer[FORMAT_MAX];
	long offset;

	switch (arguments) {
	case ARGUMENTS_OFFSET:
		probe(code, code->line, number(args[1]), NULL, NULL);
		break;
	case ARGUMENTS_LINE:
		probe(code, (int)number(args[1]), -1, NULL, NULL);
		break;
	case ARGUMENTS_OBJECT:
		if (value == VALUE_OBJECT && value_options_repr())
			tell_by_repr(interp, args, probe);
		else
			probe(code, code->line, number(args[1]),
			      text_of(interp, buffer, args[2], value), args[2]);
		break;
	case ARGUMENTS_EXCEPTION:
		offset = number(args[1]);
		probe(code, current_line(code, offset), offset,
		      text_of(interp, buffer, args[2], value), args[2]);
		break;
	case ARGUMENTS_DESTINATION:
		/* This is a number in the place of an address, and nobody follows it. */
		probe(code, code->line, number(args[1]), NULL,
		      /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		      (const void *)number(args[2]));
		break;
	}
}

/* Returns: the other events that a callback serves, as in pyusdt.h. */
static ALWAYS_INLINE uint64_t other_events(enum also also)
{
	switch (also) {
	case ALSO_NOTHING:
		break;
	case ALSO_ENTRY:
		return PYUSDT_PYTHON_FUNCTION_ENTRY | IMPORTS_THREADS_EVENTS |
		       PYUSDT_PROFILE | INTERP_KEEPING | INTERP_MEETING;
	case ALSO_EXIT:
		return PYUSDT_PYTHON_FUNCTION_RETURN | IMPORTS_THREADS_EVENTS |
		       PYUSDT_PROFILE | INTERP_KEEPING;
	case ALSO_LINE:
		return PYUSDT_PYTHON_LINE;
	case ALSO_BRANCH:
		return PYUSDT_BRANCH;
	case ALSO_C:
		return PYUSDT_C_RETURN | PYUSDT_C_RAISE | INTERP_KEEPING_C;
	case ALSO_C_EXIT:
		return INTERP_KEEPING_C;
	}
	return 0;
}

static ALWAYS_INLINE bool is_wanted(uint64_t wanted, uint64_t mask, enum event event)
{
	return wanted & mask && probe_watched(event);
}

/* Hit the other events' probes that tell of code. */
static ALWAYS_INLINE void tell_others(struct interp *interp, uint64_t wanted,
				      const struct codemeta *code, PyObject *const *args,
				      enum also also)
{
	switch (also) {
	case ALSO_ENTRY:
		if (is_wanted(wanted, PYUSDT_PYTHON_FUNCTION_ENTRY,
			      EVENT_PYTHON_FUNCTION_ENTRY))
			probe_PYTHON_FUNCTION_ENTRY(code->file, code->name,
						    current_line(code, number(args[1])));
		break;
	case ALSO_EXIT:
		if (is_wanted(wanted, PYUSDT_PYTHON_FUNCTION_RETURN,
			      EVENT_PYTHON_FUNCTION_RETURN))
			probe_PYTHON_FUNCTION_RETURN(code->file, code->name,
						     current_line(code, number(args[1])));
		break;
	case ALSO_LINE:
		if (is_wanted(wanted, PYUSDT_PYTHON_LINE, EVENT_PYTHON_LINE))
			probe_PYTHON_LINE(code->file, code->name, (int)number(args[1]));
		break;
	case ALSO_BRANCH:
		if (is_wanted(wanted, PYUSDT_BRANCH, EVENT_BRANCH))
			tell(interp, code, args, ARGUMENTS_DESTINATION, VALUE_NONE,
			     probe_BRANCH);
		break;
	case ALSO_NOTHING:
	case ALSO_C_EXIT:
	case ALSO_C:
		/* C_RETURN and C_RAISE have events of their own: CALL only disables them
		 * where they are filtered out. */
		break;
	}
}

/*
 * A function is entered or left. Returns: whether it has been counted, or cannot be.
 */
static ALWAYS_INLINE bool account(struct account *account, PyObject *code,
				  enum event event, enum also also)
{
	return also == ALSO_ENTRY
		       ? account_enter(account, code, event != EVENT_PY_START)
		       : account_leave(account, code, event == EVENT_PY_UNWIND);
}

/*
 * Count what is counted of this event.
 *
 * Returns: of @wanted what is still to be told or counted.
 */
static ALWAYS_INLINE uint64_t account_all(struct interp *interp, uint64_t wanted,
					  PyObject *const *args, enum event event,
					  enum also also)
{
	if (also != ALSO_ENTRY && also != ALSO_EXIT)
		return wanted;
	if (wanted & PYUSDT_PROFILE && account(&interp->told, args[0], event, also))
		wanted &= ~PYUSDT_PROFILE;
	if (__builtin_expect((wanted & INTERP_KEEPING) != 0, 0) &&
	    account(&interp->kept, args[0], event, also))
		wanted &= ~INTERP_KEEPING;
	return wanted;
}

/* Visible code is entered that an account, or sys.monitoring, does not know yet. */
static COLD void enter_new(struct interp *interp, uint64_t wanted, struct codemeta *code,
			   enum event event)
{
	bool resumed = event != EVENT_PY_START;

	if (wanted & INTERP_MEETING)
		visible_meet(&interp->monitoring, code);
	if (wanted & PYUSDT_PROFILE && account_meet(&interp->told, code))
		account_enter(&interp->told, code->code, resumed);
	if (wanted & INTERP_KEEPING && account_meet(&interp->kept, code))
		account_enter(&interp->kept, code->code, resumed);
}

/* Visible code has called a function, which may be one of C, or such a one has ended. */
static ALWAYS_INLINE void account_c(struct interp *interp, PyObject *callable,
				    enum event event, enum also also)
{
	if (also == ALSO_C)
		account_enter_c(&interp->kept, callable);
	else
		account_leave_c(&interp->kept, callable, event == EVENT_C_RAISE);
}

/*
 * The way of one event of sys.monitoring. None is returned without taking a reference:
 * from 3.12 on it is immortal.
 */
static ALWAYS_INLINE PyObject *on_event(PyObject *self, PyObject *const *args,
					size_t nargsf, enum event event, uint64_t bit,
					enum arguments arguments, enum value value,
					enum also also, probe_fn *probe)
{
	struct interp *interp = closure_context(self);
	uint64_t others = other_events(also);
	uint64_t imports_threads = others & IMPORTS_THREADS_EVENTS;
	uint64_t wanted = interp_active(interp) & (bit | others);
	struct codemeta *code;

	if (!wanted || !has_arguments(nargsf, arguments))
		return Py_None;
	/* Imports and threads are told whatever the filters say of code. */
	if (__builtin_expect((wanted & imports_threads) != 0, 0)) {
		if (also == ALSO_ENTRY)
			imports_threads_entered(interp, wanted, args[0]);
		else
			imports_threads_left(interp, wanted, args[0],
					     event != EVENT_PY_UNWIND);
	}
	wanted = account_all(interp, wanted, args, event, also);
	if (!(wanted & ~IMPORTS_THREADS_EVENTS))
		return Py_None;
	code = code_of(interp, args[0]);
	if (!code)
		return Py_None;
	if (__builtin_expect(!codemeta_visible(code), 0)) {
		if (also == ALSO_EXIT && wanted & PYUSDT_PROFILE &&
		    account_ends_process(code))
			telling_all();
		return refuse(interp, code, event);
	}
	if (also == ALSO_ENTRY && __builtin_expect((wanted & NEW) != 0, 0))
		enter_new(interp, wanted, code, event);
	if ((also == ALSO_C || also == ALSO_C_EXIT) && wanted & INTERP_KEEPING_C)
		account_c(interp, args[2], event, also);
	tell_others(interp, wanted, code, args, also);
	/* This comes last, since it may run code of the program. */
	if (is_wanted(wanted, bit, event))
		tell(interp, code, args, arguments, value, probe);
	return Py_None;
}

/*
 * Each row of events.def becomes a callback. That of PY_START, whose row says (OFFSET,
 * NONE, ENTRY), is
 *
 *	static PyObject *on_PY_START(PyObject *self, PyObject *const *args,
 *				     size_t nargsf, PyObject *kwnames)
 *	{
 *		return on_event(self, args, nargsf, EVENT_PY_START, PYUSDT_PY_START,
 *				ARGUMENTS_OFFSET, VALUE_NONE, ALSO_ENTRY,
 *				probe_PY_START);
 *	}
 *
 * and of on_event() and what that calls the compiler leaves
 *
 *	wanted = interp_active(interp) & (PYUSDT_PY_START |
 *					  PYUSDT_PYTHON_FUNCTION_ENTRY |
 *					  IMPORTS_THREADS_EVENTS);
 *	if (!wanted || fewer than 2 arguments)
 *		return Py_None;
 *	if (wanted & IMPORTS_THREADS_EVENTS)
 *		imports_threads_entered(interp, wanted, args[0]);
 *	if (!(wanted & ~IMPORTS_THREADS_EVENTS))
 *		return Py_None;
 *	code = codetable_find(), or made now;
 *	if (!code)
 *		return Py_None;
 *	if (!codemeta_visible(code))
 *		return refuse(interp, code, EVENT_PY_START);
 *	if (PYTHON_FUNCTION_ENTRY is wanted)
 *		probe_PYTHON_FUNCTION_ENTRY(code->file, code->name, the current line);
 *	if (PY_START is wanted)
 *		probe_PY_START(code, code->line, number(args[1]), NULL, NULL);
 *	return Py_None;
 */
#define EVENT(name, bit, arguments, value, also, requires)                               \
	static PyObject *on_##name(PyObject *self, PyObject *const *args, size_t nargsf, \
				   PyObject *kwnames)                                    \
	{                                                                                \
		(void)kwnames;                                                           \
		return on_event(self, args, nargsf, EVENT_##name, PYUSDT_##name,         \
				ARGUMENTS_##arguments, VALUE_##value, ALSO_##also,       \
				probe_##name);                                           \
	}
#include "events/events.def"

const vectorcallfunc callbacks[MONITOR_COUNT] = {
#define EVENT(name, bit, arguments, value, also, requires) [EVENT_##name] = on_##name,
#include "events/events.def"
};
