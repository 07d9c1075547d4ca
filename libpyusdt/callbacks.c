// SPDX-License-Identifier: BSD-2-Clause
#include "callbacks.h"

#include "callable.h"
#include "codemeta.h"
#include "format.h"
#include "interp.h"
#include "options.h"
#include "probes.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

typedef const char *format_fn(char *buffer, size_t size, PyObject *object);

/* Returns: NULL where the event is not to be told. */
static const struct codemeta *code_of(PyObject *self, PyObject *code)
{
	struct interp *interp = callable_context(self);
	const struct codemeta *meta = codetable_find(&interp->codes, code);

	if (__builtin_expect(!meta, 0))
		meta = codetable_add(&interp->codes, code);
	return meta && !meta->own ? meta : NULL;
}

/*
 * sys.monitoring passes what the event has; but register_callback() hands our callbacks
 * out to any program that asks.
 */
enum { ARGUMENTS_OFFSET = 2, ARGUMENTS_LINE = 2, ARGUMENTS_OBJECT = 3 };

static inline bool has_arguments(size_t nargsf, size_t count)
{
	return (nargsf & ~PY_VECTORCALL_ARGUMENTS_OFFSET) >= count;
}

/* CPython passes small ints; another caller may pass anything, and must get no exception.
 */
static long number(PyObject *argument)
{
	int overflow;
	long value = PyLong_AsLongAndOverflow(argument, &overflow);

	if (__builtin_expect(value == -1, 0))
		PyErr_Clear();
	return value;
}

static ALWAYS_INLINE void fire_OFFSET(probe_fn *probe, format_fn *format,
				      const struct codemeta *code, PyObject *const *args)
{
	(void)format;
	probe(code, code->line, number(args[1]), NULL, NULL);
}

static ALWAYS_INLINE void fire_LINE(probe_fn *probe, format_fn *format,
				    const struct codemeta *code, PyObject *const *args)
{
	(void)format;
	probe(code, (int)number(args[1]), -1, NULL, NULL);
}

static ALWAYS_INLINE void fire_OBJECT(probe_fn *probe, format_fn *format,
				      const struct codemeta *code, PyObject *const *args)
{
	char buffer[FORMAT_MAX];
	unsigned int size = options_value_size();
	const char *text = size ? format(buffer, size, args[2]) : NULL;

	probe(code, code->line, number(args[1]), text, args[2]);
}

#define format_NONE     NULL
#define format_OBJECT   format_value
#define format_CALLABLE format_callable

/* None is returned without taking a reference: from 3.12 on it is immortal. */
#define EVENT(name, bit, arguments, value, requires)                                     \
	static PyObject *on_##name(PyObject *self, PyObject *const *args, size_t nargsf, \
				   PyObject *kwnames)                                    \
	{                                                                                \
		const struct codemeta *code;                                             \
                                                                                         \
		(void)kwnames;                                                           \
		if (!probe_watched(EVENT_##name) ||                                      \
		    !has_arguments(nargsf, ARGUMENTS_##arguments))                       \
			return Py_None;                                                  \
		code = code_of(self, args[0]);                                           \
		if (code)                                                                \
			fire_##arguments(probe_##name, format_##value, code, args);      \
		return Py_None;                                                          \
	}
#include "events.def"

const vectorcallfunc callbacks[MONITOR_COUNT] = {
#define EVENT(name, bit, arguments, value, requires) [EVENT_##name] = on_##name,
#include "events.def"
};
