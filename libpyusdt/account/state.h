/* SPDX-License-Identifier: BSD-2-Clause */
/* This is what an account has; see account.h. */
#ifndef PYUSDT_ACCOUNT_STATE_H
#define PYUSDT_ACCOUNT_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/objtable.h"
#include "code/codemeta.h"

enum account_kind { ACCOUNT_TOLD, ACCOUNT_KEPT };

struct account_node;
struct account_thread;

struct account {
	enum account_kind kind;
	bool contexts; /* a function is counted by itself for each context */
	bool buckets;  /* records have them */
	/* Of this time of counting, and never used again; 0: nothing is counted. */
	uint64_t token;

	/* With the lock of sums.h. */
	struct account *next; /* of all */
	struct account_thread *threads;
	struct account_node *nodes; /* in the order in which they were made */
	struct account_node **end;  /* where the next one is to be put */
	uint32_t node_count;

	struct codelink *orphans; /* metadata whose code is gone, owned; by `next` */

	struct objtable c_functions; /* metadata by PyMethodDef, owned */
	unsigned int visits;         /* of figures_visit() that go on */
};

#endif /* PYUSDT_ACCOUNT_STATE_H */
