// SPDX-License-Identifier: BSD-2-Clause
/*
 * A look costs up to a millisecond, and so is rare: at a process that is known, or cannot
 * be, none as long as it runs the same program; at one without Python ever more seldom,
 * and of all those only a few a second.
 *
 * A new program has its Python ready some milliseconds after execve(). Until then what
 * was right for its predecessor is announced as a guess, several times: a tracer forgets
 * the process when execve() returns, which is after the kernel has told us of it. BPF
 * code sees by itself whether a layout is right for a thread. So a program that is begun
 * a hundred times a second costs a hundred guesses, and a few looks.
 */
#include "announcer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/monotonic.h"
#include "probe.h"

/* Waits in ms, which are doubled from the first to the last. */
#define WAIT_YOUNG 1
#define WAIT_FIRST 1000
#define WAIT_EARLY 8000
#define WAIT_NONE  60000

/*
 * A program that is linked with a libpython has it after some milliseconds. After so many
 * looks in a row without, be they at one process or at several, none is expected.
 */
#define NONES 8

/* How many a second, and at once after a pause; what is above waits for the scan. */
#define EXECS                 200, 400
#define LOOKS                 10, 2000
#define NONE_AGAIN            4, 8
#define LOOKS_OF_ONE_PROGRAM  2, 24
#define BEGINS_OF_ONE_PROGRAM 5, 30

/*
 * Where there is a guess nothing is urgent: it is announced so often before the first
 * look, first after so many ms, then ever later. Most short programs have ended by then.
 */
#define GUESSES    2
#define WAIT_GUESS 3

#define NO_PROGRAM "a thread of the kernel, or its program may not be seen"

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

static void say(pid_t pid, const char *why)
{
	fprintf(stderr, "pyusdt-announce: process %d: %s\n", pid, why);
}

/* Once, as long as it is the same. */
static void say_of(struct process *process, const char *why)
{
	if (process->told != why)
		say(process->pid, why);
	process->told = why;
}

/*
 * Where it is not asked for by name, only of what is a Python and will not be known. Of
 * one that runs for a moment nothing is said.
 */
static void say_why_not(const struct announcer *announcer, struct process *process)
{
	if (process->why &&
	    (process->is_other || selection_names(announcer->selection, process->pid)))
		say_of(process, process->why);
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
	program->user = user;
	program->words = process->words;
}

/*
 * Only the same user's: who runs a program with memory of his own making must not lead
 * the eyes on others' processes astray. Returns: NULL where there is none.
 */
static const struct layout_words *find_guess(const struct program *program, pid_t pid)
{
	uid_t user;

	if (!program->has_layout || !proc_owner(pid, &user) || user != program->user)
		return NULL;
	return &program->words;
}

static void guess(struct announcer *announcer, struct process *process)
{
	const struct layout_words *words =
		find_guess(programs_get(announcer->programs, process->id), process->pid);

	if (!words)
		return;
	process->words = *words;
	process->has_words = true;
	process->guesses_left = process->is_young ? GUESSES : 0;
}

/* No Python that is known has been seen in it. */
static bool is_hopeless(const struct program *program)
{
	return program->nones >= NONES && !program->has_layout;
}

static void begin_program(struct announcer *announcer, struct process *process,
			  const struct program_id *id)
{
	const struct program *program = programs_get(announcer->programs, *id);

	process->has_program = true;
	process->id = *id;
	process->is_settled = process->is_other = process->has_words = false;
	process->due = announcer->now;
	process->wait = process->is_young ? WAIT_YOUNG : WAIT_FIRST;
	process->guesses_left = 0;
	process->why = process->told = NULL;
	guess(announcer, process);
	if (is_hopeless(program) && !process->has_words) {
		process->wait = WAIT_FIRST;
		process->due += WAIT_FIRST;
		process->is_young = false;
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
	program->nones = look->finding == FOUND_NONE ? program->nones + 1 : 0;
	switch (look->finding) {
	case FOUND_LAYOUT:
		process->words = look->words;
		process->has_words = process->is_settled = true;
		announce(process);
		remember(announcer, process);
		return;
	case FOUND_OTHER:
		process->has_words = false;
		process->is_settled = process->is_other = true;
		program->nones = NONES;
		break;
	case FOUND_EARLY:
		look_later(announcer, process, WAIT_EARLY);
		break;
	case FOUND_NONE:
		if (program->nones >= NONES)
			process->has_words = false;
		look_later(announcer, process, WAIT_NONE);
		break;
	}
}

static bool is_due(const struct announcer *announcer, const struct process *process)
{
	return !process->is_settled && process->due <= announcer->now;
}

/* Returns: whether it is too early for a look, and a guess has to do. */
static bool is_guessed(const struct announcer *announcer, struct process *process)
{
	if (!process->has_words)
		return false;
	announce(process);
	if (!process->guesses_left)
		return false;
	process->due = announcer->now + (WAIT_GUESS << (GUESSES - process->guesses_left));
	process->guesses_left--;
	return true;
}

/* As after a look that found nothing. */
static void put_off(const struct announcer *announcer, struct process *process)
{
	if (process->wait < WAIT_FIRST)
		process->wait = WAIT_FIRST;
	process->due = announcer->now + process->wait;
	process->is_young = false;
}

/* Returns: whether there is time for it; if not, later. */
static bool may_look(struct announcer *announcer, struct process *process)
{
	struct program *program = programs_get(announcer->programs, process->id);
	int64_t now = announcer->now;

	if (process->why && program->nones &&
	    !rate_take(&announcer->none_again, now, NONE_AGAIN)) {
		put_off(announcer, process);
		return false;
	}
	if ((process->is_young &&
	     !rate_take(&program->looks, now, LOOKS_OF_ONE_PROGRAM)) ||
	    !rate_take(&announcer->looks, now, LOOKS)) {
		put_off(announcer, process);
		return false;
	}
	return true;
}

/* A look costs two system calls at least, and there may be thousands of processes. */
static bool may_have_changed(const struct announcer *announcer,
			     const struct process *process)
{
	return !process->is_checked || !announcer->is_told_of_execs ||
	       announcer->has_missed_execs || is_due(announcer, process);
}

static void consider(struct announcer *announcer, struct process *process)
{
	struct program_id id;
	struct maps maps;
	struct look look;

	if (!process->is_selected || !may_have_changed(announcer, process))
		return;
	process->is_checked = true;
	if (!proc_program(process->pid, &id)) {
		/* It has ended, or is the kernel's. */
		process->has_program = process->is_young = false;
		process->due = announcer->now + WAIT_NONE;
		return;
	}
	if (!process->has_program || process->id.ino != id.ino ||
	    process->id.dev != id.dev)
		begin_program(announcer, process, &id);
	if (!is_due(announcer, process) || is_guessed(announcer, process))
		return;
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
	for (size_t i = 0; i < announcer->table.count; i++) {
		consider(announcer, &announcer->table.list[i]);
		say_why_not(announcer, &announcer->table.list[i]);
	}
	announcer->has_missed_execs = false;
}

/*
 * Of a program that begins all the time most processes end soon. One guess has to do, as
 * it comes late enough: main.c wakes up less often then. Returns: whether it is one.
 */
static bool is_one_of_many(struct announcer *announcer, pid_t pid,
			   struct program *program)
{
	const struct layout_words *words = find_guess(program, pid);

	if (!words || announcer->selection->has_pids || announcer->selection->has_user ||
	    rate_take(&program->begins, announcer->now, BEGINS_OF_ONE_PROGRAM))
		return false;
	probe_process(pid, words);
	return true;
}

/* Returns: whether there is more to do with it now. */
static bool is_of_interest(struct announcer *announcer, pid_t pid, bool is_known)
{
	const struct selection *selection = announcer->selection;
	struct program *program;
	struct program_id id;

	if (!is_known && selection->has_pids && !selection->children)
		return false;
	if (!proc_program(pid, &id))
		return is_known;
	program = programs_get(announcer->programs, id);
	if (is_one_of_many(announcer, pid, program))
		return false;
	/* No more than that is spent on the many others: the scan has those that stay. */
	return is_known || !is_hopeless(program);
}

void announcer_exec(struct announcer *announcer, pid_t pid)
{
	struct process *process = table_find(&announcer->table, pid);

	announcer->now = monotonic_msec();
	if (!rate_take(&announcer->execs, announcer->now, EXECS)) {
		announcer->has_missed_execs = true;
		return;
	}
	if (process) {
		process->is_checked = process->has_program = false;
		process->is_settled = process->has_words = process->is_young = false;
		process->due = announcer->now;
	}
	if (!is_of_interest(announcer, pid, process) ||
	    announcer->young_count == MAX_YOUNG)
		return;
	add(pid, announcer);
	process = table_find(&announcer->table, pid);
	if (!process)
		return;
	process->is_young = true;
	announcer->young[announcer->young_count++] = pid;
	consider(announcer, process);
}

int64_t announcer_look_at_young(struct announcer *announcer, int64_t until)
{
	size_t kept = 0;

	announcer->now = monotonic_msec();
	for (size_t i = 0; i < announcer->young_count; i++) {
		pid_t pid = announcer->young[i];
		struct process *process = table_find(&announcer->table, pid);

		if (process && process->is_young && is_due(announcer, process))
			consider(announcer, process);
		if (!process || !process->is_young || process->is_settled ||
		    !process->is_selected)
			continue;
		if (process->due < until)
			until = process->due;
		announcer->young[kept++] = pid;
	}
	announcer->young_count = kept;
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
	const struct selection *selection = announcer->selection;
	bool any = false;

	for (size_t i = 0; i < selection->count; i++) {
		struct process *process =
			table_find(&announcer->table, selection->pids[i]);

		if (process && process->is_settled && !process->is_other)
			continue;
		if (!process)
			say(selection->pids[i], "it has ended");
		else if (process->is_selected)
			say_of(process, process->why ? process->why : NO_PROGRAM);
		any = true;
	}
	return any;
}
