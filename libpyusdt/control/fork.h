/* SPDX-License-Identifier: BSD-2-Clause */
/* This is what happens when the traced program forks, by os.fork() or by C's fork(). */
#ifndef PYUSDT_FORK_H
#define PYUSDT_FORK_H

struct interp;

/*
 * Register with os.register_at_fork() of @interp and, once, with pthread_atfork().
 *
 * Returns: 0; -EIO, -ENOMEM.
 */
int fork_register(struct interp *interp);

#endif /* PYUSDT_FORK_H */
