// SPDX-License-Identifier: BSD-2-Clause
/*
 * A look costs up to a millisecond, and so is rare: at a process that is known, or cannot
 * be, none as long as it runs the same program; at one without Python ever more seldom,
 * and of all those only a few a second.
 *
 * A new program has its Python ready some milliseconds after execve(). Until then what
 * was right for its predecessor is announced as a guess, several times: a tracer forgets
 * the process when execve() returns, which is after the kernel has told us of it. BPF
 * code sees by itself whether a layout is right for a thread.
 */
#include "announcer.h"

#include <stdio.h>
#include <stdlib.h>

#include "monotonic.h"
#include "probe.h"

/* Waits in ms, which are doubled from the first to the last. */
#define WAIT_YOUNG 1
#define WAIT_FIRST 1000
#define WAIT_EARLY 8000
#define WAIT_NONE  60000

/* After so long a program has loaded its libpython, if it is linked with one. */
#define MSEC_TO_LOAD 50

/* How many a second, and at once after a pause; what is above waits for the scan. */
#define EXECS                200, 400
#define LOOKS                50, 2000
#define NONE_AGAIN           4, 8
#define LOOKS_OF_ONE_PROGRAM 4, 24
#define MSEC_TO_GUESS_AGAIN  2

/* How far up the parents are looked for. */
#define MAX_ANCESTORS 16

bool announcer_begin(struct announcer *announcer, const struct selection *selection)
{
	*announcer = (struct announcer){
		.selection = selection,
		.programs = programs_new(),
	};
	return announcer->programs;
}

void announcer_end(struct announcer *announcer)
{
	table_free(&announcer->table);
	programs_free(announcer->programs);
}

/* -------- who is asked for */

static bool decide(struct announcer *announcer, pid_t pid, int depth);

/* Returns: whether it comes from a process that is named. Changes the table. */
static bool is_descendant(struct announcer *announcer, pid_t parent, int depth)
{
	return parent > 1 && depth < MAX_ANCESTORS &&
	       table_add(&announcer->table, parent) &&
	       decide(announcer, parent, depth + 1);
}

/* Changes the table. Returns: whether the process, which is in it, is asked for. */
static bool decide(struct announcer *announcer, pid_t pid, int depth)
{
	const struct selection *selection = announcer->selection;
	struct process *process = table_find(&announcer->table, pid);
	bool is_selected = true;
	pid_t parent;
	uid_t user;

	if (process->is_decided)
		return process->is_selected;
	if (selection->children || selection->has_user) {
		if (!proc_status(pid, &parent, &user))
			return false;
		is_selected = !selection->has_user || user == selection->user;
	}
	if (is_selected && selection->has_pids)
		is_selected =
			selection_names(selection, pid) ||
			(selection->children && is_descendant(announcer, parent, depth));
	process = table_find(&announcer->table, pid);
	process->is_decided = true;
	process->is_selected = is_selected;
	return is_selected;
}

/* -------- what is found */

static void say(struct process *process, const char *why)
{
	if (process->told == why)
		return;
	process->told = why;
	fprintf(stderr, "pyusdt-announce: process %d: %s\n", process->pid, why);
}

/* Where it is not asked for by name, only of what is a Python and will not be known. */
static void tell_why(const struct announcer *announcer, struct process *process,
		     enum finding finding)
{
	if (finding == FOUND_OTHER ||
	    (process->wait >= WAIT_FIRST &&
	     selection_names(announcer->selection, process->pid)))
		say(process, process->why);
}

static void announce(const struct process *process)
{
	probe_process(process->pid, &process->words);
}

static void remember(struct announcer *announcer, const struct process *process)
{
	struct program *program = programs_get(announcer->programs, process->id);
	pid_t parent;
	uid_t user;

	if (!proc_status(process->pid, &parent, &user))
		return;
	program->has_layout = true;
	program->is_none = false;
	program->user = user;
	program->words = process->words;
}

/*
 * Only the same user's: who runs a program with memory of his own making must not lead
 * the eyes on others' processes astray.
 */
static void guess(struct announcer *announcer, struct process *process)
{
	const struct program *program = programs_get(announcer->programs, process->id);
	pid_t parent;
	uid_t user;

	if (!program->has_layout || !proc_status(process->pid, &parent, &user) ||
	    user != program->user)
		return;
	process->words = program->words;
	process->has_words = true;
}

static void begin_program(struct announcer *announcer, struct process *process,
			  const struct program_id *id)
{
	const struct program *program = programs_get(announcer->programs, *id);

	process->has_program = true;
	process->id = *id;
	process->is_settled = process->has_words = false;
	process->due = announcer->now;
	process->wait = process->is_young ? WAIT_YOUNG : WAIT_FIRST;
	process->why = process->told = NULL;
	if (program->is_none) {
		process->wait = WAIT_FIRST;
		process->due += WAIT_FIRST;
	} else {
		guess(announcer, process);
	}
}

/* @longest: to wait. */
static void look_later(const struct announcer *announcer, struct process *process,
		       unsigned int longest)
{
	process->due = announcer->now + process->wait;
	process->wait = process->wait * 2 < longest ? process->wait * 2 : longest;
	process->is_young = process->is_young && process->wait < WAIT_FIRST;
}

static void found(struct announcer *announcer, struct process *process,
		  const struct look *look)
{
	struct program *program = programs_get(announcer->programs, process->id);

	process->why = look->why;
	switch (look->finding) {
	case FOUND_LAYOUT:
		process->words = look->words;
		process->has_words = process->is_settled = true;
		announce(process);
		remember(announcer, process);
		return;
	case FOUND_OTHER:
		process->has_words = false;
		process->is_settled = true;
		break;
	case FOUND_EARLY:
		look_later(announcer, process, WAIT_EARLY);
		break;
	case FOUND_NONE:
		if (process->wait >= MSEC_TO_LOAD) {
			program->is_none = true;
			process->has_words = false;
		}
		look_later(announcer, process, WAIT_NONE);
		break;
	}
	tell_why(announcer, process, look->finding);
}

/* It is not looked at, but a guess is announced twice, and then at each scan. */
static void put_off(struct process *process, int64_t now)
{
	process->is_young = process->wait == WAIT_YOUNG;
	process->due = now + (process->is_young ? MSEC_TO_GUESS_AGAIN : WAIT_FIRST);
	process->wait = WAIT_FIRST;
}

/* Returns: whether there is time for it; if not, later. */
static bool may_look(struct announcer *announcer, struct process *process)
{
	struct program *program = programs_get(announcer->programs, process->id);
	int64_t now = announcer->now;

	if (process->wait > WAIT_FIRST && program->is_none &&
	    !rate_take(&announcer->none_again, now, NONE_AGAIN)) {
		process->due = now + WAIT_FIRST;
		return false;
	}
	if ((process->is_young &&
	     !rate_take(&program->looks, now, LOOKS_OF_ONE_PROGRAM)) ||
	    !rate_take(&announcer->looks, now, LOOKS)) {
		put_off(process, now);
		return false;
	}
	return true;
}

static void consider(struct announcer *announcer, struct process *process)
{
	struct program_id id;
	struct maps maps;
	struct look look;

	if (!process->is_selected || !proc_program(process->pid, &id))
		return;
	if (!process->has_program || process->id.ino != id.ino ||
	    process->id.dev != id.dev)
		begin_program(announcer, process, &id);
	if (process->is_settled || announcer->now < process->due)
		return;
	if (process->has_words)
		announce(process);
	if (may_look(announcer, process) && proc_look(process->pid, &maps, &look))
		found(announcer, process, &look);
}

/* -------- rounds */

static void add(pid_t pid, void *context)
{
	struct announcer *announcer = context;

	if (table_add(&announcer->table, pid))
		decide(announcer, pid, 0);
}

void announcer_add_named(struct announcer *announcer)
{
	const struct selection *selection = announcer->selection;

	for (size_t i = 0; i < selection->count; i++)
		add(selection->pids[i], announcer);
}

bool announcer_refresh(struct announcer *announcer)
{
	const struct selection *selection = announcer->selection;

	announcer->now = monotonic_msec();
	table_forget_ended(&announcer->table);
	return (selection->has_pids && !selection->children) || proc_each(add, announcer);
}

void announcer_scan(struct announcer *announcer)
{
	for (size_t i = 0; i < announcer->table.count; i++)
		consider(announcer, &announcer->table.list[i]);
}

void announcer_exec(struct announcer *announcer, pid_t pid)
{
	const struct selection *selection = announcer->selection;
	struct process *process;

	announcer->now = monotonic_msec();
	if (!rate_take(&announcer->execs, announcer->now, EXECS) ||
	    (selection->has_pids && !selection->children &&
	     !table_find(&announcer->table, pid)))
		return;
	add(pid, announcer);
	process = table_find(&announcer->table, pid);
	if (!process)
		return;
	process->has_program = false;
	process->is_young = true;
	consider(announcer, process);
}

int64_t announcer_look_at_young(struct announcer *announcer, int64_t until)
{
	announcer->now = monotonic_msec();
	for (size_t i = 0; i < announcer->table.count; i++) {
		struct process *process = &announcer->table.list[i];

		if (!process->is_young || process->is_settled || !process->is_selected)
			continue;
		if (process->due <= announcer->now)
			consider(announcer, process);
		if (!process->is_settled && process->is_young && process->due < until)
			until = process->due;
	}
	return until;
}

void announcer_tell(const struct announcer *announcer)
{
	if (!probe_process_watched())
		return;
	for (size_t i = 0; i < announcer->table.count; i++)
		if (announcer->table.list[i].has_words)
			announce(&announcer->table.list[i]);
}

bool announcer_has_any(const struct announcer *announcer)
{
	for (size_t i = 0; i < announcer->table.count; i++)
		if (announcer->table.list[i].is_selected)
			return true;
	return false;
}

bool announcer_why_not(const struct announcer *announcer)
{
	bool any = false;

	for (size_t i = 0; i < announcer->table.count; i++) {
		struct process *process = &announcer->table.list[i];

		if (!selection_names(announcer->selection, process->pid) ||
		    process->is_settled)
			continue;
		say(process, process->why ? process->why : "a thread of the kernel");
		any = true;
	}
	return any;
}
