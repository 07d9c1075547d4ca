/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code that runs already when its events come to be set: it may have been entered
 * long ago, and never be entered again.
 */
#ifndef PYUSDT_RUNNING_H
#define PYUSDT_RUNNING_H

struct interp;

/*
 * See that the code of all frames of all threads of @interp has metadata, as far as there
 * is memory. Needs its GIL, and that no thread state of ours goes meanwhile.
 */
void running_find(struct interp *interp);

#endif /* PYUSDT_RUNNING_H */
