/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPython in a process: what of it can be found by name. */
#ifndef ANNOUNCE_PYTHON_H
#define ANNOUNCE_PYTHON_H

#include <stdbool.h>
#include <stdint.h>

#include "maps.h"
#include "remote.h"

/* Addresses in the process; 0 where there is no such name. */
struct python {
	uint64_t runtime;   /* _PyRuntime */
	uint64_t version;   /* Py_Version */
	uint64_t code_type; /* PyCode_Type */
	uint64_t str_type;  /* PyUnicode_Type */
	uint64_t get_state; /* PyGILState_GetThisThreadState */
	uint64_t tls_size;  /* of the file that CPython is in */
	uint16_t machine;
};

/* Returns: whether there is one. */
bool python_find(struct remote *remote, const struct maps *maps, struct python *python);

#endif /* ANNOUNCE_PYTHON_H */
