/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done with a process whose turn it is: a guess, or a look. */
#ifndef ANNOUNCE_VISIT_H
#define ANNOUNCE_VISIT_H

#include "announcer.h"

/* It has begun program @id. */
void visit_begin(struct announcer *announcer, struct process *process,
		 const struct program_id *id);

/* It is a new child of @parent, and runs the program that it was forked with. */
void visit_inherit(struct process *process, const struct process *parent);

/* After others were visited: what is known by one of them may be right for it, too. */
void visit_guess_late(struct announcer *announcer, struct process *process);

/* Does what there is to do with it now, if anything. */
void visit(struct announcer *announcer, struct process *process);

bool visit_is_due(const struct announcer *announcer, const struct process *process);

/*
 * Only the same user's: who runs a program with memory of his own making must not lead
 * the eyes on others' processes astray. Returns: NULL where there is none.
 */
const struct layout_words *visit_guess(const struct program *program, pid_t pid);

/* No Python that is known has been seen in it. */
bool visit_is_hopeless(const struct program *program);

#endif /* ANNOUNCE_VISIT_H */
