// SPDX-License-Identifier: BSD-2-Clause
#include "monitoring/callbacks.h"

#include <string.h>

#include "base/closure.h"
#include "base/pycompat.h"
#include "code/codemeta.h"
#include "monitoring/imports_threads.h"
#include "monitoring/interp.h"
#include "probes/probes.h"
#include "pyusdt.h"
#include "value/callable_names.h"
#include "value/format.h"
#include "value/value_options.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define COLD          __attribute__((cold, noinline))

/* What shows the object of an event. Returns: @buffer, or a text that lasts as code does.
 */
typedef const char *show_fn(struct interp *interp, char *buffer, size_t size,
			    PyObject *object);

static const struct codemeta *add_code(struct interp *interp, PyObject *code,
				       PyObject *globals)
{
	const struct codemeta *meta = codetable_add(&interp->codes, code, globals);

	/* The announcer comes once a second: too late for the first event. */
	if (meta && codemeta_told(meta) && interp_active(interp) & PYUSDT_CODE)
		probe_CODE(meta);
	return meta;
}

static COLD const struct codemeta *add_running_code(struct interp *interp, PyObject *code)
{
	return add_code(interp, code, PyEval_GetGlobals());
}

/* @code: what runs now. Returns: NULL where nothing can be told of it. */
static ALWAYS_INLINE const struct codemeta *code_of(struct interp *interp, PyObject *code)
{
	const struct codemeta *meta = codetable_find(&interp->codes, code);

	return meta ? meta : add_running_code(interp, code);
}

/* Returns: that of a function's code, or NULL. */
static const struct codemeta *code_of_function(struct interp *interp, PyObject *function,
					       PyObject *code)
{
	const struct codemeta *meta = codetable_find(&interp->codes, code);

	return meta ? meta : add_code(interp, code, pycompat_function_globals(function));
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

/* Those that may be disabled where they happen, in every CPython. */
#define DISABLEABLE                                                                 \
	(MONITOR(PY_START) | MONITOR(PY_RESUME) | MONITOR(PY_RETURN) |              \
	 MONITOR(PY_YIELD) | MONITOR(CALL) | MONITOR(LINE) | MONITOR(INSTRUCTION) | \
	 MONITOR(JUMP) | MONITOR(BRANCH) | MONITOR(BRANCH_LEFT) |                   \
	 MONITOR(BRANCH_RIGHT) | MONITOR(STOP_ITERATION))

/*
 * The answer to an event of code that is not told: none of it any more. A filter is about
 * code, so that all who share the event agree.
 */
static COLD PyObject *refuse(struct interp *interp, const struct codemeta *code,
			     enum event event)
{
	if (imports_threads_may_be(code) || !(DISABLEABLE & (monitor_set)1 << event))
		return Py_None;
	if (!code->own && !interp_refuse(interp, code))
		return Py_None;
	return Py_NewRef(interp->monitoring.disable);
}

/*
 * sys.monitoring passes what the event has; but register_callback() hands our callbacks
 * out to any program that asks.
 */
enum {
	ARGUMENTS_OFFSET = 2,
	ARGUMENTS_LINE = 2,
	ARGUMENTS_OBJECT = 3,
	ARGUMENTS_EXCEPTION = 3,
	ARGUMENTS_DESTINATION = 3,
};

static inline bool has_arguments(size_t nargsf, size_t count)
{
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

/* What a probe says of the event's object. Returns: NULL where no values are wanted. */
static ALWAYS_INLINE const char *shown(struct interp *interp, show_fn *show, char *buffer,
				       PyObject *object)
{
	unsigned int size = value_options_size();

	return size ? show(interp, buffer, size, object) : NULL;
}

static ALWAYS_INLINE void fire_OFFSET(struct interp *interp, probe_fn *probe,
				      show_fn *show, const struct codemeta *code,
				      PyObject *const *args)
{
	(void)interp;
	(void)show;
	probe(code, code->line, number(args[1]), NULL, NULL);
}

static ALWAYS_INLINE void fire_LINE(struct interp *interp, probe_fn *probe, show_fn *show,
				    const struct codemeta *code, PyObject *const *args)
{
	(void)interp;
	(void)show;
	probe(code, (int)number(args[1]), -1, NULL, NULL);
}

static const char *show_OBJECT(struct interp *interp, char *buffer, size_t size,
			       PyObject *value)
{
	(void)interp;
	return format_value(buffer, size, value);
}

static const char *show_by_repr(struct interp *interp, char *buffer, size_t size,
				PyObject *value)
{
	(void)interp;
	return format_repr(buffer, size, value);
}

/* A __repr__ lets other threads run, and they may disarm all. */
static COLD void fire_by_repr(struct interp *interp, probe_fn *probe,
			      PyObject *const *args)
{
	char buffer[FORMAT_MAX];
	const char *text = shown(interp, show_by_repr, buffer, args[2]);
	const struct codemeta *code = codetable_find(&interp->codes, args[0]);

	if (code)
		probe(code, code->line, number(args[1]), text, args[2]);
}

static ALWAYS_INLINE void fire_OBJECT(struct interp *interp, probe_fn *probe,
				      show_fn *show, const struct codemeta *code,
				      PyObject *const *args)
{
	char buffer[FORMAT_MAX];

	if (show == show_OBJECT && value_options_repr())
		fire_by_repr(interp, probe, args);
	else
		probe(code, code->line, number(args[1]),
		      shown(interp, show, buffer, args[2]), args[2]);
}

static ALWAYS_INLINE void fire_EXCEPTION(struct interp *interp, probe_fn *probe,
					 show_fn *show, const struct codemeta *code,
					 PyObject *const *args)
{
	(void)interp;
	char buffer[FORMAT_MAX];
	long offset = number(args[1]);

	probe(code, current_line(code, offset), offset,
	      shown(interp, show, buffer, args[2]), args[2]);
}

static ALWAYS_INLINE void fire_DESTINATION(struct interp *interp, probe_fn *probe,
					   show_fn *show, const struct codemeta *code,
					   PyObject *const *args)
{
	(void)interp;
	(void)show;
	/* Not an address: nobody follows it. NOLINTNEXTLINE(performance-no-int-to-ptr) */
	probe(code, code->line, number(args[1]), NULL, (const void *)number(args[2]));
}

/* Mostly a function: its name is at hand, as that of its code. */
static const char *show_CALLABLE(struct interp *interp, char *buffer, size_t size,
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

static const char *show_EXCEPTION(struct interp *interp, char *buffer, size_t size,
				  PyObject *exception)
{
	(void)interp;
	return format_exception(buffer, size, exception);
}

#define show_NONE NULL

/* The other events that a callback serves, by the column "also" of events.def. */
#define ALSO_NOTHING UINT64_C(0)
#define ALSO_ENTRY   (PYUSDT_PYTHON_FUNCTION_ENTRY | IMPORTS_THREADS_EVENTS)
#define ALSO_EXIT    (PYUSDT_PYTHON_FUNCTION_RETURN | IMPORTS_THREADS_EVENTS)
#define ALSO_LINE    PYUSDT_PYTHON_LINE
#define ALSO_BRANCH  PYUSDT_BRANCH
#define ALSO_C       (PYUSDT_C_RETURN | PYUSDT_C_RAISE)

#define also_in_scope_NOTHING(interp, wanted, code, event) ((void)0)
#define also_in_scope_LINE                                 also_in_scope_NOTHING
#define also_in_scope_BRANCH                               also_in_scope_NOTHING
#define also_in_scope_C                                    also_in_scope_NOTHING
#define also_in_scope_ENTRY(interp, wanted, code, event) \
	imports_threads_entered((interp), (wanted), (code))
#define also_in_scope_EXIT(interp, wanted, code, event) \
	imports_threads_left((interp), (wanted), (code), (event) != EVENT_PY_UNWIND)

static ALWAYS_INLINE bool is_wanted(uint64_t wanted, uint64_t mask, enum event event)
{
	return wanted & mask && probe_watched(event);
}

static ALWAYS_INLINE void also_NOTHING(uint64_t wanted, const struct codemeta *code,
				       PyObject *const *args)
{
	(void)wanted;
	(void)code;
	(void)args;
}

/* They have events of their own: CALL only disables them where they are filtered out. */
#define also_C also_NOTHING

static ALWAYS_INLINE void also_ENTRY(uint64_t wanted, const struct codemeta *code,
				     PyObject *const *args)
{
	if (is_wanted(wanted, PYUSDT_PYTHON_FUNCTION_ENTRY, EVENT_PYTHON_FUNCTION_ENTRY))
		probe_PYTHON_FUNCTION_ENTRY(code->file, code->name,
					    current_line(code, number(args[1])));
}

static ALWAYS_INLINE void also_EXIT(uint64_t wanted, const struct codemeta *code,
				    PyObject *const *args)
{
	if (is_wanted(wanted, PYUSDT_PYTHON_FUNCTION_RETURN,
		      EVENT_PYTHON_FUNCTION_RETURN))
		probe_PYTHON_FUNCTION_RETURN(code->file, code->name,
					     current_line(code, number(args[1])));
}

static ALWAYS_INLINE void also_LINE(uint64_t wanted, const struct codemeta *code,
				    PyObject *const *args)
{
	if (is_wanted(wanted, PYUSDT_PYTHON_LINE, EVENT_PYTHON_LINE))
		probe_PYTHON_LINE(code->file, code->name, (int)number(args[1]));
}

static ALWAYS_INLINE void also_BRANCH(uint64_t wanted, const struct codemeta *code,
				      PyObject *const *args)
{
	if (is_wanted(wanted, PYUSDT_BRANCH, EVENT_BRANCH))
		fire_DESTINATION(NULL, probe_BRANCH, NULL, code, args);
}

/* None is returned without taking a reference: from 3.12 on it is immortal. */
#define EVENT(name, bit, arguments, value, also, requires)                               \
	static PyObject *on_##name(PyObject *self, PyObject *const *args, size_t nargsf, \
				   PyObject *kwnames)                                    \
	{                                                                                \
		struct interp *interp = closure_context(self);                           \
		uint64_t wanted = interp_active(interp) & (PYUSDT_##name | ALSO_##also); \
		const struct codemeta *code;                                             \
                                                                                         \
		(void)kwnames;                                                           \
		if (!wanted || !has_arguments(nargsf, ARGUMENTS_##arguments))            \
			return Py_None;                                                  \
		if (__builtin_expect(wanted & ALSO_##also & IMPORTS_THREADS_EVENTS, 0))  \
			also_in_scope_##also(interp, wanted, args[0], EVENT_##name);     \
		if (!(wanted & ~IMPORTS_THREADS_EVENTS))                                 \
			return Py_None;                                                  \
		code = code_of(interp, args[0]);                                         \
		if (!code)                                                               \
			return Py_None;                                                  \
		if (__builtin_expect(!codemeta_told(code), 0))                           \
			return refuse(interp, code, EVENT_##name);                       \
		also_##also(wanted, code, args);                                         \
		/* Last, since it may run code of the program. */                        \
		if (is_wanted(wanted, PYUSDT_##name, EVENT_##name))                      \
			fire_##arguments(interp, probe_##name, show_##value, code,       \
					 args);                                          \
		return Py_None;                                                          \
	}
#include "events/events.def"

const vectorcallfunc callbacks[MONITOR_COUNT] = {
#define EVENT(name, bit, arguments, value, also, requires) [EVENT_##name] = on_##name,
#include "events/events.def"
};
