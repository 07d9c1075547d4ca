/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that sys.monitoring calls: one per event, each an instance of on_event().
 * The context of each is the struct interp.
 *
 * They never raise into the program: an event that cannot be told is dropped.
 */
#ifndef PYUSDT_CALLBACKS_H
#define PYUSDT_CALLBACKS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "events/events.h"

extern const vectorcallfunc callbacks[MONITOR_COUNT];

#endif /* PYUSDT_CALLBACKS_H */
