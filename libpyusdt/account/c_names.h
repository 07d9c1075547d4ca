/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions of C have no code object that would say what they are called. An account that
 * counts them has metadata for each, made when it is first seen, with the names that the
 * standard library's profilers show.
 */
#ifndef PYUSDT_ACCOUNT_C_NAMES_H
#define PYUSDT_ACCOUNT_C_NAMES_H

#include "account/state.h"

/*
 * The metadata of @callable, which is defined by @def. It is made where there is none
 * yet: no code of the program runs for that, but memory is allocated, so that a
 * collection of garbage may let other threads run.
 *
 * Returns: the metadata, the account's; NULL where memory ran out.
 */
struct codemeta *c_names_get(struct account *account, const PyMethodDef *def,
			     PyObject *callable);

/* Free all. */
void c_names_free(struct account *account);

#endif /* PYUSDT_ACCOUNT_C_NAMES_H */
