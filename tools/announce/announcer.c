// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a second costs must not grow with the processes there are, nor with the programs
 * that begin. So by records of the kernel it is known who is new, and nothing is asked of
 * a process that does nothing; and of a program that begins all the time a few processes
 * are visited, the others guessed.
 */
#include "announcer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/monotonic.h"
#include "decide.h"
#include "probe.h"
#include "visit.h"

/* How many a second, and at once after a pause; what is above waits for the scan. */
#define TRIES                 400, 800
#define EXECS                 100, 300
#define BEGINS_OF_ONE_PROGRAM 5, 30

/* How often what the kernel has no records of is looked for: see announcer_refresh(). */
#define MSEC_BETWEEN_CHECKS 30000

#define NO_PROGRAM "a thread of the kernel, or its program may not be seen"

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

/* -------- what is said */

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
 * one that runs for a moment nothing is said, nor of one that a guess may be right for.
 */
static void say_why_not(const struct announcer *announcer, struct process *process)
{
	if (process->why && !process->has_words &&
	    (process->is_other || selection_names(announcer->selection, process->pid)))
		say_of(process, process->why);
}

/* By words that are no layout: what has been told is to be forgotten. */
static void take_back(struct process *process)
{
	process->words = (struct layout_words){0};
	if (process->has_words)
		probe_process(process->pid, &process->words);
	process->has_program = process->is_checked = process->has_words = false;
	process->is_settled = process->is_young = false;
}

/* -------- rounds */

static void add(pid_t pid, void *context)
{
	struct announcer *announcer = context;

	if (table_add(&announcer->table, pid))
		decide(&announcer->table, announcer->selection, pid, announcer->now);
}

void announcer_add_named(struct announcer *announcer)
{
	const struct selection *selection = announcer->selection;

	for (size_t i = 0; i < selection->count; i++)
		add(selection->pids[i], announcer);
}

void announcer_fork(struct announcer *announcer, pid_t pid, pid_t parent)
{
	if (announcer->forked_count == MAX_FORKED)
		announcer->has_missed_forks = true;
	else
		announcer->forked[announcer->forked_count++] =
			(struct forked){pid, parent};
}

/* Returns: whether it may have begun another program than it was forked with. */
static bool has_begun(const struct announcer *announcer, pid_t pid)
{
	if (announcer->begun_count > MAX_FORKED)
		return true;
	for (size_t i = 0; i < announcer->begun_count; i++)
		if (announcer->begun[i] == pid)
			return true;
	return false;
}

/* Its memory is a copy of its parent's, and so is what is known of it. */
static void add_forked(struct announcer *announcer, const struct forked *forked)
{
	bool is_new = !table_find(&announcer->table, forked->pid);
	const struct process *parent;
	struct process *process;

	add(forked->pid, announcer);
	process = table_find(&announcer->table, forked->pid);
	parent = table_find(&announcer->table, forked->parent);
	if (is_new && process && process->is_selected && parent &&
	    !has_begun(announcer, forked->pid))
		visit_inherit(process, parent);
}

/*
 * By records all is known that happens, and nothing is asked of a process that does
 * nothing. All are looked through where records are not to be had or some were lost; and
 * seldom in any case, as there are none of a CPU that was off at the beginning.
 */
bool announcer_refresh(struct announcer *announcer)
{
	const struct selection *selection = announcer->selection;
	bool lists_all, is_complete = true;

	announcer->now = monotonic_msec();
	announcer->checks_all = !announcer->has_records || announcer->has_missed_execs ||
				announcer->now >= announcer->next_check;
	if (announcer->checks_all)
		announcer->next_check = announcer->now + MSEC_BETWEEN_CHECKS;
	lists_all = announcer->checks_all || announcer->has_missed_forks;

	table_forget_ended(&announcer->table);
	if (!selection->has_pids || selection->children) {
		if (lists_all)
			is_complete = proc_each(add, announcer);
		else
			for (size_t i = 0; i < announcer->forked_count; i++)
				add_forked(announcer, &announcer->forked[i]);
	}
	announcer->forked_count = announcer->begun_count = 0;
	announcer->has_missed_forks = announcer->has_missed_execs = false;
	return is_complete;
}

/*
 * Begins behind the last one that was looked at again, so that each has its turn. One by
 * which another's program is known may come after it: ids begin anew at 300.
 */
void announcer_scan(struct announcer *announcer)
{
	size_t count = announcer->table.count;
	size_t first = table_after(&announcer->table, announcer->last_again);

	for (size_t i = 0; i < count; i++) {
		struct process *process = &announcer->table.list[(first + i) % count];

		if (decide_again(&announcer->table, announcer->selection, process->pid,
				 announcer->now))
			take_back(process);
		visit(announcer, process);
	}
	for (size_t i = 0; i < count; i++) {
		struct process *process = &announcer->table.list[i];

		if (announcer->has_learned)
			visit_guess_late(announcer, process);
		say_why_not(announcer, process);
	}
	announcer->has_learned = false;
	announcer->checks_all = false;
	announcer->has_scanned = true;
}

/*
 * Of a program that begins all the time most processes end soon. One guess has to do, as
 * it comes late enough: main.c wakes up less often then. Returns: whether it is one.
 */
static bool is_one_of_many(struct announcer *announcer, pid_t pid,
			   struct program *program)
{
	const struct layout_words *words = visit_guess(program, pid);

	if (!words || !selection_is_all(announcer->selection) ||
	    rate_take(&program->begins, announcer->now, BEGINS_OF_ONE_PROGRAM))
		return false;
	probe_process(pid, words);
	return true;
}

/* Returns: whether there is more to do with it now. */
static bool is_of_interest(struct announcer *announcer, pid_t pid, bool is_known,
			   struct program_id *id)
{
	const struct selection *selection = announcer->selection;
	struct program *program;

	if (!is_known && selection->has_pids && !selection->children)
		return false;
	if (!proc_program(pid, id))
		return false;
	program = programs_get(announcer->programs, *id);
	if (is_one_of_many(announcer, pid, program))
		return false;
	/* No more than that is spent on the many others: the scan has those that stay. */
	return is_known || !visit_is_hopeless(program);
}

static void begin_young(struct announcer *announcer, struct process *process,
			const struct program_id *id)
{
	process->is_young = announcer->young_count < MAX_YOUNG;
	process->is_checked = true;
	visit_begin(announcer, process, id);
	if (process->is_young)
		announcer->young[announcer->young_count++] = process->pid;
	visit(announcer, process);
}

void announcer_exec(struct announcer *announcer, pid_t pid)
{
	struct process *process = table_find(&announcer->table, pid);
	struct program_id id;

	announcer->now = monotonic_msec();
	/* A process is often moved to another control group just before. */
	if (process && announcer->selection->cgroup)
		process->is_decided = false;
	if (process && process->is_decided && !process->is_selected)
		return;
	if (process) {
		process->is_checked = process->has_program = false;
		process->is_settled = process->has_words = process->is_young = false;
	} else if (announcer->begun_count++ < MAX_FORKED) {
		announcer->begun[announcer->begun_count - 1] = pid;
	}
	/* What is not done now is left to the next scan. Most that is short has ended. */
	if (!rate_take(&announcer->tries, announcer->now, TRIES) || !proc_exists(pid) ||
	    !rate_take(&announcer->execs, announcer->now, EXECS) ||
	    !is_of_interest(announcer, pid, process, &id))
		return;
	add(pid, announcer);
	process = table_find(&announcer->table, pid);
	if (process && process->is_selected)
		begin_young(announcer, process, &id);
}

int64_t announcer_look_at_young(struct announcer *announcer, int64_t until)
{
	size_t kept = 0;

	announcer->now = monotonic_msec();
	for (size_t i = 0; i < announcer->young_count; i++) {
		pid_t pid = announcer->young[i];
		struct process *process = table_find(&announcer->table, pid);

		if (process && process->is_young && visit_is_due(announcer, process))
			visit(announcer, process);
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
			probe_process(announcer->table.list[i].pid,
				      &announcer->table.list[i].words);
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
