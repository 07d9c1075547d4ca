/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libpyusdt: CPython execution as USDT probes.
 *
 * For C programs that embed CPython >= 3.12. Python scripts use `python -m pyusdt`
 * or `import pyusdt`, which call these same functions.
 *
 * Threads: every function may be called from any thread. Those marked "attached"
 * must be called with an attached thread state (the GIL held) and act on that
 * thread's interpreter; without one they return -EPERM (or 0 where they return a
 * mask) and do nothing.
 *
 * Errors: negative errno values out of the set named at each function;
 * pyusdt_strerror() has the text. A function that fails leaves things as they
 * were. Nothing is ever printed, and a pending Python exception is left alone.
 */
#ifndef PYUSDT_H
#define PYUSDT_H

#include <stddef.h>
#include <stdint.h>

#include <pyusdt_layout.h>
#include <pyusdt_profile.h>
#include <pyusdt_version.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/*
 * Events. The numbers are libpyusdt's own and frozen: they are the same for every
 * version of CPython.
 */
#define PYUSDT_PY_START          (UINT64_C(1) << 0) /* function entry */
#define PYUSDT_PY_RESUME         (UINT64_C(1) << 1) /* generator or coroutine resumption */
#define PYUSDT_PY_RETURN         (UINT64_C(1) << 2) /* return */
#define PYUSDT_PY_YIELD          (UINT64_C(1) << 3) /* yield or await suspension */
#define PYUSDT_CALL              (UINT64_C(1) << 4) /* before a call */
#define PYUSDT_LINE              (UINT64_C(1) << 5) /* a new line */
#define PYUSDT_PY_UNWIND         (UINT64_C(1) << 6) /* an exception leaves a function */
#define PYUSDT_PY_THROW          (UINT64_C(1) << 7) /* an exception is thrown into a generator */
#define PYUSDT_RAISE             (UINT64_C(1) << 8)  /* an exception is raised */
#define PYUSDT_RERAISE           (UINT64_C(1) << 9)  /* ... raised again */
#define PYUSDT_EXCEPTION_HANDLED (UINT64_C(1) << 10) /* ... caught */
#define PYUSDT_STOP_ITERATION    (UINT64_C(1) << 11) /* an artificial StopIteration */
#define PYUSDT_C_RETURN          (UINT64_C(1) << 12) /* return of a C function */
#define PYUSDT_C_RAISE           (UINT64_C(1) << 13) /* an exception out of a C function */
#define PYUSDT_JUMP              (UINT64_C(1) << 14) /* an unconditional jump */
#define PYUSDT_BRANCH            (UINT64_C(1) << 15) /* a conditional branch, either way */
#define PYUSDT_BRANCH_LEFT       (UINT64_C(1) << 16) /* ... not taken (CPython >= 3.14) */
#define PYUSDT_BRANCH_RIGHT      (UINT64_C(1) << 17) /* ... taken (CPython >= 3.14) */
#define PYUSDT_INSTRUCTION       (UINT64_C(1) << 18) /* a bytecode instruction */

#define PYUSDT_GC_START     (UINT64_C(1) << 32) /* garbage collection begins */
#define PYUSDT_GC_DONE      (UINT64_C(1) << 33) /* ... has ended */
#define PYUSDT_IMPORT_START (UINT64_C(1) << 34) /* a module is looked for and loaded */
#define PYUSDT_IMPORT_DONE  (UINT64_C(1) << 35) /* ... is there, or not found */
#define PYUSDT_THREAD_START (UINT64_C(1) << 36) /* a threading.Thread begins */
#define PYUSDT_THREAD_EXIT  (UINT64_C(1) << 37) /* ... ends */

#define PYUSDT_LAYOUT         (UINT64_C(1) << 40) /* where frames are, for BPF programs */
#define PYUSDT_CODE           (UINT64_C(1) << 41) /* names of code objects */
#define PYUSDT_PROCESS        (UINT64_C(1) << 42) /* where frames are, by value */
#define PYUSDT_PROFILE        (UINT64_C(1) << 43) /* counts and times of functions, in sums */
#define PYUSDT_PROFILE_TABLE  (UINT64_C(1) << 44) /* where those not told yet are */
#define PYUSDT_PROFILE_BUCKET (UINT64_C(1) << 45) /* its times, in histograms */

/* Probes of the provider python, with the names and arguments of CPython's own. */
#define PYUSDT_PYTHON_FUNCTION_ENTRY  (UINT64_C(1) << 48) /* function__entry */
#define PYUSDT_PYTHON_FUNCTION_RETURN (UINT64_C(1) << 49) /* function__return */
#define PYUSDT_PYTHON_LINE            (UINT64_C(1) << 50) /* line */
#define PYUSDT_PYTHON_GC_START        (UINT64_C(1) << 51) /* gc__start */
#define PYUSDT_PYTHON_GC_DONE         (UINT64_C(1) << 52) /* gc__done */
#define PYUSDT_PYTHON_IMPORT_START    (UINT64_C(1) << 53) /* import__find__load__start */
#define PYUSDT_PYTHON_IMPORT_DONE     (UINT64_C(1) << 54) /* import__find__load__done */

/* What pyusdt_options.values may be. */
#define PYUSDT_VALUES_NONE 0 /* arg4 of the probes is NULL */
#define PYUSDT_VALUES_SAFE 1 /* builtin types as text, no user code run */
#define PYUSDT_VALUES_REPR 2 /* by repr(): runs code of the program within the event */

/**
 * struct pyusdt_options - what pyusdt_configure() takes
 * @size:       sizeof(struct pyusdt_options); later versions append fields
 * @poll_msec:  milliseconds between two looks at the tracers' semaphores, 1 to
 *              60000; 0: no thread is started, the host calls pyusdt_poll()
 * @values:     PYUSDT_VALUES_*
 * @value_max:  bytes that a value's text may take, with its NUL, 16 to 4096
 * @tool_id:    the sys.monitoring tool id to use, 0 to 5; -1: 4, then 3, then any
 *              that is free
 * @include:    code to tell of: patterns with commas between, on "module.qualname", or
 *              after "file:" on the file name; "*", "?", "[seq]" and "[!seq]" as in a
 *              shell, where "*" goes beyond "." and "/", too. NULL or "": all code
 * @exclude:    code not to tell of, whatever @include says; NULL or "": none
 *
 * Initialise with PYUSDT_OPTIONS_INIT, or fill in from pyusdt_options_get(), and
 * change what is to differ.
 *
 * Since: 0.1
 */
struct pyusdt_options {
	size_t size;
	unsigned int poll_msec;
	int values;
	unsigned int value_max;
	int tool_id;
	const char *include;
	const char *exclude;
};

#define PYUSDT_OPTIONS_INIT \
	{sizeof(struct pyusdt_options), 100, PYUSDT_VALUES_SAFE, 256, -1, NULL, NULL}

/**
 * pyusdt_enable - arm events
 * @mask: PYUSDT_* bits or'ed together, at least one
 *
 * From now on exactly the events in @mask are armed in the calling thread's
 * interpreter: each is instrumented while, and only while, a tracer is attached to
 * its probe. A tracer that is attached already sees the first event after this call.
 * Starts the watcher thread (one per process) where that has not happened yet, and takes
 * a sys.monitoring tool id unless only events are armed that need none (PYUSDT_LAYOUT,
 * PYUSDT_CODE and those of garbage collection). Of the provider python, events that the
 * interpreter fires itself are accepted and left to it, see pyusdt-probes(7).
 *
 * Attached.
 *
 * Returns: 0, or
 *   -EINVAL     @mask is 0 or has bits that are no events, or PYUSDT_INCLUDE or
 *               PYUSDT_EXCLUDE in the environment have a pattern that cannot be
 *   -ENOTSUP    an event that the running CPython does not have, see
 *               pyusdt_supported(), or CPython is older than 3.12
 *   -EBUSY      no sys.monitoring tool id is free, or the configured one is taken
 *   -EPERM      no thread state is attached, or Python is not initialised
 *   -ESHUTDOWN  the interpreter's atexit handlers have run
 *   -EDEADLK    called while this thread is already within pyusdt_enable(),
 *               pyusdt_disable(), pyusdt_configure() or pyusdt_poll() (from an
 *               audit hook)
 *   -EAGAIN     the watcher thread could not be started: the limit of threads is
 *               reached, or there is no room for its stack
 *   -ENOMEM     out of memory
 *   -EIO        sys.monitoring, atexit or os refused a call (an audit hook can), or the
 *               system refused the watcher thread (a sandbox can)
 *
 * Since: 0.1
 */
int pyusdt_enable(uint64_t mask);

/**
 * pyusdt_disable - disarm all events of this interpreter
 *
 * Nothing is instrumented afterwards, the tool id is free, and when this was the
 * last armed interpreter the watcher thread is gone. Without armed events nothing
 * happens.
 *
 * Attached; releases the GIL while it waits for the watcher thread.
 *
 * Returns: 0, or -ENOTSUP, -EPERM, -EDEADLK as pyusdt_enable(), or -EIO, -ENOMEM when
 * sys.monitoring refused to turn the events off: they are still armed then.
 *
 * Since: 0.1
 */
int pyusdt_disable(void);

/**
 * pyusdt_enabled - the events armed in this interpreter
 *
 * Attached.
 *
 * Returns: PYUSDT_* bits, 0 when there are none or no thread state is attached.
 *
 * Since: 0.1
 */
uint64_t pyusdt_enabled(void);

/**
 * pyusdt_active - the events armed in this interpreter whose probe has a tracer now
 *
 * Attached.
 *
 * Returns: PYUSDT_* bits, 0 when there are none or no thread state is attached.
 *
 * Since: 0.1
 */
uint64_t pyusdt_active(void);

/**
 * pyusdt_supported - the events that the running CPython has
 *
 * Attached.
 *
 * Returns: PYUSDT_* bits; 0 on CPython < 3.12, or when no thread state is attached.
 *
 * Since: 0.1
 */
uint64_t pyusdt_supported(void);

/**
 * pyusdt_configure - set the options of the process
 * @options: borrowed for the call
 *
 * Takes effect at once; where @poll_msec becomes 0 the watcher thread is stopped,
 * where it stops being 0 it is started. The environment gives the initial values:
 * PYUSDT_CHECK_MSEC, PYUSDT_VALUES (none, safe, repr), PYUSDT_VALUE_MAX, of which a value
 * out of range is ignored; PYUSDT_INCLUDE, PYUSDT_EXCLUDE.
 *
 * @include and @exclude are about events of code; what they leave out is disabled in
 * sys.monitoring at its first event, at no further cost, where CPython allows that (not
 * for exceptions, nor for all lines). To change them while events are instrumented brings
 * back, by sys.monitoring.restart_events(), all that any tool has disabled.
 *
 * Attached.
 *
 * Returns: 0, or
 *   -EINVAL  @options is NULL, has a size this library does not know, or holds a
 *            value out of range, or a pattern that pyusdt_pattern_error() refuses
 *   -EBUSY   @tool_id differs from the present one while events are armed in any
 *            interpreter: pyusdt_disable() first
 *   -ENOTSUP, -EPERM, -ESHUTDOWN, -EDEADLK, -EAGAIN, -ENOMEM, -EIO
 *            as pyusdt_enable()
 *
 * Since: 0.1
 */
int pyusdt_configure(const struct pyusdt_options *options);

/**
 * pyusdt_options_get - read the options of the process
 * @options: filled in; @options->size says how much of it there is; @include and
 *           @exclude are the library's, "" where there are none, and stay valid
 *
 * Any thread, no thread state needed.
 *
 * Returns: 0, or -EINVAL as pyusdt_configure().
 *
 * Since: 0.1
 */
int pyusdt_options_get(struct pyusdt_options *options);

/**
 * pyusdt_pattern_error - can this be a pattern of pyusdt_options?
 * @pattern: one, with or without "file:"
 *
 * Any thread, no thread state needed.
 *
 * Returns: NULL when it can, else a static string that says what is wrong.
 *
 * Since: 0.1
 */
const char *pyusdt_pattern_error(const char *pattern);

/**
 * pyusdt_poll - look at the tracers' semaphores now
 *
 * What the watcher thread does at each tick, for hosts that want no thread and for
 * those that cannot wait for the next tick.
 *
 * Attached.
 *
 * Returns: 1 when instrumentation changed, 0 when not, or -ENOTSUP, -EPERM,
 * -ESHUTDOWN, -EDEADLK, -ENOMEM, -EIO as pyusdt_enable(), or -EBUSY where the program has
 * freed the tool id, another tool has it now and no other one is free.
 *
 * Since: 0.1
 */
int pyusdt_poll(void);

/**
 * pyusdt_layout - where this process keeps its Python frames
 * @why: where not NULL, set to a static string when there is no layout
 *
 * What the probes LAYOUT and PROCESS announce while they are armed and watched: offsets
 * by which a BPF program finds the Python stack of any thread in any kernel event. They
 * are found, and tested on this process's own stack, when one of the two is armed for the
 * first time; where that fails (an unknown or free-threaded CPython) both stay silent,
 * and all else works.
 *
 * Any thread, no thread state needed.
 *
 * Returns: the layout, valid and the same for as long as Python is initialised; NULL when
 * there is none.
 *
 * Since: 0.1
 */
const struct pyusdt_layout *pyusdt_layout(const char **why);

/* What pyusdt_profile_begin() may count beyond the calls of each Python function. */
#define PYUSDT_PROFILE_TREE        1u /* by context: what calls what */
#define PYUSDT_PROFILE_C_FUNCTIONS 2u /* functions of C, too */

/**
 * pyusdt_profile_begin - count and time the calls of all functions, for the program
 * @flags: PYUSDT_PROFILE_* or'ed together, or 0
 *
 * From now on each call of a Python function that is visible (see pyusdt_options) is
 * counted and timed in the process, in all threads of the calling thread's interpreter,
 * now and later; no tracer is needed. What is active now is not known: it is counted from
 * its next call on. The figures that there were are forgotten. In the child of a fork all
 * figures begin at zero.
 *
 * With PYUSDT_PROFILE_TREE a function has a node for each context that it is called in:
 * the node of its caller is its parent. There are 262144 at most; after that a function
 * in a context that is new is counted in one node without parent. A node takes about 370
 * bytes, and 180 more for each thread but the first.
 *
 * Takes a sys.monitoring tool id where none is taken yet. Attached.
 *
 * Returns: 0, or
 *   -EINVAL     @flags has bits that are none, or PYUSDT_INCLUDE or PYUSDT_EXCLUDE in the
 *               environment have a pattern that cannot be
 *   -ENOTSUP    CPython is older than 3.12, free-threaded, or one whose frames are not
 *               known or not where they should be; then the event PROFILE is not to be
 * had either -EBUSY      counting has begun already, pyusdt_profile_visit() goes on, or
 * no sys.monitoring tool id is free -EPERM, -ESHUTDOWN, -EDEADLK, -ENOMEM, -EIO as
 * pyusdt_enable()
 *
 * Since: 0.1
 */
int pyusdt_profile_begin(unsigned int flags);

/**
 * pyusdt_profile_end - stop counting
 *
 * What is active now ends now, as far as its figures are concerned. They stay until
 * pyusdt_profile_begin(), pyusdt_profile_free(), or the end of the interpreter. Where
 * nothing is counted nothing happens; the atexit handlers of the interpreter end it, too.
 *
 * Attached.
 *
 * Returns: 0, or -ENOTSUP, -EPERM, -EDEADLK as pyusdt_enable(), or -EIO, -ENOMEM when
 * sys.monitoring refused to turn the events off: counting goes on then.
 *
 * Since: 0.1
 */
int pyusdt_profile_end(void);

/**
 * struct pyusdt_profile_node - a function, or one in one context, and its figures
 * @size:     of this struct; later versions append fields
 * @index:    number of the node: 0 for the first that is visited, then 1, and so on
 * @parent:   that of the caller's node, UINT32_MAX where it has none
 * @line:     first line of the function, 0 for one of C
 * @id:       code id, as in the probes
 * @name:     name of the function; for one of C as cProfile writes it, such as
 *            "<built-in method builtins.len>"
 * @qualname: qualified name; for one of C the same
 * @filename: file, "~" for one of C
 * @sums:     figures since pyusdt_profile_begin(); all may be 0
 *
 * The strings, UTF-8, are the library's, and stay until the figures are forgotten.
 *
 * Since: 0.1
 */
struct pyusdt_profile_node {
	size_t size;
	uint32_t index;
	uint32_t parent;
	uint64_t id;
	const char *name;
	const char *qualname;
	const char *filename;
	int line;
	struct pyusdt_sums sums;
};

/* What pyusdt_profile_visit() calls. */
typedef int pyusdt_profile_fn(const struct pyusdt_profile_node *node, void *context);

/**
 * pyusdt_profile_visit - read the figures
 * @visit:   called for each node, callers before those they call
 * @context: handed to @visit
 *
 * May be called while counting goes on, too. @visit must not call pyusdt_profile_begin()
 * or pyusdt_profile_free(), which refuse.
 *
 * Attached.
 *
 * Returns: 0, or what @visit returned when that was not 0, which ends the visits; or
 * -EINVAL when @visit is NULL, -ENOTSUP, -EPERM as pyusdt_enable().
 *
 * Since: 0.1
 */
int pyusdt_profile_visit(pyusdt_profile_fn *visit, void *context);

/**
 * pyusdt_profile_free - forget the figures
 *
 * Attached.
 *
 * Returns: 0, or -EBUSY while counting or pyusdt_profile_visit() goes on, or -ENOTSUP,
 * -EPERM, -EDEADLK as pyusdt_enable().
 *
 * Since: 0.1
 */
int pyusdt_profile_free(void);

/**
 * pyusdt_event_name - the name of an event
 * @bit: one PYUSDT_* bit
 *
 * Any thread, no thread state needed.
 *
 * Returns: a static string such as "PY_START", NULL when @bit is no event.
 *
 * Since: 0.1
 */
const char *pyusdt_event_name(uint64_t bit);

/**
 * pyusdt_event_bit - the reverse of pyusdt_event_name()
 * @name: such as "PY_START"; case does not matter
 *
 * Any thread, no thread state needed.
 *
 * Returns: the PYUSDT_* bit, 0 when there is no such event or @name is NULL.
 *
 * Since: 0.1
 */
uint64_t pyusdt_event_bit(const char *name);

/**
 * pyusdt_strerror - what a return value means and what to do
 * @error: what a function returned, negative
 *
 * Any thread, no thread state needed.
 *
 * Returns: a static string, never NULL.
 *
 * Since: 0.1
 */
const char *pyusdt_strerror(int error);

/**
 * pyusdt_version - the version of the library that runs
 *
 * PYUSDT_VERSION is the one that was compiled against. Any thread, no thread state
 * needed.
 *
 * Returns: a static string such as "0.1.0".
 *
 * Since: 0.1
 */
const char *pyusdt_version(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* PYUSDT_H */
