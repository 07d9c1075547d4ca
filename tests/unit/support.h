/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the unit tests share. libcheck runs each test in a process of its own, so each may
 * start Python, add audit hooks and take tool ids as it likes.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fake_probes.h"
#include "pyusdt.h"

enum {
	CODE_EVENTS = 0
#define EVENT(name, bit, arguments, value, also, requires) | 1 << (bit)
#include "events/events.def"
};

/* CPython has these from 3.14 on. */
#define BRANCH_SIDES (PYUSDT_BRANCH_LEFT | PYUSDT_BRANCH_RIGHT)

/* The events of code that every CPython has; core.ALL. */
#define ALL_EVENTS ((uint64_t)CODE_EVENTS & ~BRANCH_SIDES)

/* All events that the running CPython has. */
uint64_t supported_events(void);

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Run the tests of one or more test cases. Returns: the exit status. */
#define support_main(name, ...) support_run(name, (TCase *const[]){__VA_ARGS__, NULL})
int support_run(const char *name, TCase *const *tcases);

/*
 * The configured CPython, without a watcher thread: tests call pyusdt_poll(), or choose a
 * poll interval. `core` (pycore.h) is imported.
 */
void python_start(void);

/* As python_start(), but nothing of the library has been called: no options are set. */
void python_start_bare(void);
void python_stop(void);

/* In the namespace of __main__. An exception fails the test. */
void py_exec(const char *source);
PyObject *py_eval(const char *expression); /* returns a new reference */

/*
 * A program of ten lines or more is a file in tests/unit/programs, in the folder of its
 * area: "area/name.py". It runs in __main__ as well, and tracebacks have this name.
 */
void py_run(const char *program);
PyObject *py_source(const char *program); /* its text: returns a new reference */

long py_long(const char *expression);

/* Fails the test when the Python expression is false. */
#define py_assert(expression) \
	ck_assert_msg(py_long("bool(" expression ")") == 1, "%s", expression)

/*
 * Defines state(), all that an error must leave as it was: each tool id's name, events
 * and callbacks, gc.callbacks, and what is enabled; EVENTS, those of sys.monitoring that
 * the core uses; events(id), those that are set; local(id), those that are set in the
 * functions for imports and, once there, threads; registered(id), those that have a
 * callback; needed(*names), what events() and registered() are for these events.
 * hook(event, number), an audit hook: the number-th such event from now on raises. Needs
 * python_start*().
 */
void py_define_state(void);

void set_poll_msec(unsigned int msec);
void set_options(unsigned int poll_msec, int values, unsigned int value_max, int tool_id);

/* Returns: the thread id of the watcher as the kernel knows it, 0 when there is none. */
pid_t watcher_tid(void);
int thread_count(void);

/*
 * Returns: whether @condition became true before a deadline that no working program
 * reaches.
 */
bool wait_until(bool (*condition)(void));

/* Returns: the exit status of @child; fails the test when it was killed. */
int wait_for(pid_t child);

#endif /* SUPPORT_H */
