/* SPDX-License-Identifier: BSD-2-Clause */
/* This is what happens at the end of an interpreter. */
#ifndef PYUSDT_FINALIZE_H
#define PYUSDT_FINALIZE_H

struct interp;

/*
 * Release everything when the atexit handlers of @interp run. That is the last moment at
 * which the watcher thread can still get the GIL that it may be waiting for: joined later
 * it hangs, never joined it writes garbage to stderr.
 *
 * Returns: 0; -EIO, -ENOMEM.
 */
int finalize_register(struct interp *interp);

#endif /* PYUSDT_FINALIZE_H */
