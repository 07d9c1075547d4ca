/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What sys.monitoring calls: one function per event, each a thin instance of one per
 * argument shape. The context of each is the struct interp.
 *
 * They never raise into the program: what cannot be told is dropped.
 */
#ifndef PYUSDT_CALLBACKS_H
#define PYUSDT_CALLBACKS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "events/events.h"

extern const vectorcallfunc callbacks[MONITOR_COUNT];

#endif /* PYUSDT_CALLBACKS_H */
