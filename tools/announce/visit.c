// SPDX-License-Identifier: BSD-2-Clause
/*
 * A look costs up to a millisecond, and so is rare: at a process that is known, or cannot
 * be, none as long as it runs the same program; at one without Python none as long as it
 * has loaded no library, which is asked ever more seldom, and of a few a second.
 *
 * A new program has its Python ready some milliseconds after execve(). Until then what
 * was right for its predecessor is announced as a guess, several times: a tracer forgets
 * the process when execve() returns, which is after the kernel has told us of it. BPF
 * code sees by itself whether a layout is right for a thread. So a program that is begun
 * a hundred times a second costs a hundred guesses, and a few looks.
 */
#include "visit.h"

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

/*
 * How many a second, and at once after a pause; what is above waits for the scan. All
 * that are there at the beginning are looked at, whatever it costs.
 */
#define LOOKS                5, 200
#define NONE_AGAIN           8, 16
#define LOOKS_OF_ONE_PROGRAM 2, 24

/*
 * Where there is a guess nothing is urgent: it is announced so often before the first
 * look, first after so many ms, then ever later. Most short programs have ended by then.
 */
#define GUESSES    2
#define WAIT_GUESS 3

static bool is_same_program(const struct program_id *one, const struct program_id *other)
{
	return one->ino == other->ino && one->dev == other->dev;
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
	announcer->has_learned |= !program->has_layout;
	program->has_layout = true;
	program->user = user;
	program->words = process->words;
}

const struct layout_words *visit_guess(const struct program *program, pid_t pid)
{
	uid_t user;

	if (!program->has_layout || !proc_owner(pid, &user) || user != program->user)
		return NULL;
	return &program->words;
}

static void guess(struct announcer *announcer, struct process *process)
{
	const struct layout_words *words =
		visit_guess(programs_get(announcer->programs, process->id), process->pid);

	if (!words)
		return;
	process->words = *words;
	process->has_words = true;
	process->guesses_left = process->is_young ? GUESSES : 0;
}

void visit_guess_late(struct announcer *announcer, struct process *process)
{
	if (!process->is_selected || !process->has_program || process->is_settled ||
	    process->has_words)
		return;
	guess(announcer, process);
	if (process->has_words)
		announce(process);
}

bool visit_is_hopeless(const struct program *program)
{
	return program->nones >= NONES && !program->has_layout;
}

void visit_begin(struct announcer *announcer, struct process *process,
		 const struct program_id *id)
{
	const struct program *program = programs_get(announcer->programs, *id);

	process->has_program = true;
	process->id = *id;
	process->is_settled = process->is_other = process->has_words = false;
	process->is_empty = process->is_doubtful = false;
	process->code = 0;
	process->due = announcer->now;
	process->wait = process->is_young ? WAIT_YOUNG : WAIT_FIRST;
	process->guesses_left = 0;
	process->why = process->told = NULL;
	guess(announcer, process);
	if (announcer->has_scanned && visit_is_hopeless(program) && !process->has_words) {
		process->wait = WAIT_FIRST;
		process->due += WAIT_FIRST;
		process->is_young = false;
	}
}

/* The parent may have gone on to another program; what it has then is not the child's. */
void visit_inherit(struct process *process, const struct process *parent)
{
	const struct process child = *process;
	struct program_id id;

	if (!parent->is_checked || !parent->has_program ||
	    !proc_program(process->pid, &id) || !is_same_program(&id, &parent->id))
		return;
	*process = *parent;
	process->pid = child.pid;
	process->pidfd = child.pidfd;
	process->is_decided = child.is_decided;
	process->is_selected = child.is_selected;
	process->is_young = false;
	process->guesses_left = 0;
	process->told = NULL;
}

/* @longest: to wait. */
static void look_later(const struct announcer *announcer, struct process *process,
		       unsigned int longest)
{
	process->due = announcer->now + process->wait;
	process->wait = process->wait * 2 < longest ? process->wait * 2 : longest;
	process->is_young = process->is_young && process->wait < WAIT_FIRST;
}

/* As after a look that found nothing. */
static void put_off(const struct announcer *announcer, struct process *process)
{
	if (process->wait < WAIT_FIRST)
		process->wait = WAIT_FIRST;
	process->due = announcer->now + process->wait;
	process->is_young = false;
}

/*
 * A library is mapped in several steps, between which something else stands where its
 * variables will be. So what is only once found to be no Python that we know may be one.
 */
static void found_other(const struct announcer *announcer, struct process *process,
			struct program *program)
{
	if (!process->is_doubtful) {
		process->is_doubtful = true;
		put_off(announcer, process);
		return;
	}
	process->has_words = false;
	process->is_settled = process->is_other = true;
	program->nones = NONES;
}

static void found(struct announcer *announcer, struct process *process,
		  const struct look *look)
{
	struct program *program = programs_get(announcer->programs, process->id);

	process->why = look->why;
	process->is_empty = look->finding == FOUND_NONE;
	program->nones = process->is_empty || look->finding == FOUND_HIDDEN
				 ? program->nones + 1
				 : 0;
	switch (look->finding) {
	case FOUND_LAYOUT:
		process->words = look->words;
		process->has_words = process->is_settled = true;
		announce(process);
		remember(announcer, process);
		return;
	case FOUND_OTHER:
		found_other(announcer, process, program);
		break;
	case FOUND_EARLY:
		look_later(announcer, process, WAIT_EARLY);
		break;
	case FOUND_NONE:
	case FOUND_HIDDEN:
		if (program->nones >= NONES)
			process->has_words = false;
		look_later(announcer, process, WAIT_NONE);
		break;
	}
}

bool visit_is_due(const struct announcer *announcer, const struct process *process)
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

/*
 * A look costs some hundred system calls, this three. Where there was no Python before,
 * and no code has been mapped since, there is none.
 */
static bool has_same_code(struct process *process)
{
	unsigned int before = process->code;

	return process->is_empty && proc_code(process->pid, &process->code) &&
	       before == process->code;
}

/* Returns: whether it is worth a look, where the last ones have found nothing. */
static bool may_have_changed(struct announcer *announcer, struct process *process,
			     const struct program *program)
{
	if (announcer->has_scanned &&
	    (visit_is_hopeless(program) || (process->why && program->nones))) {
		if (!rate_take(&announcer->none_again, announcer->now, NONE_AGAIN)) {
			/* Else its turn comes: see announcer_scan(). */
			if (process->is_young)
				put_off(announcer, process);
			return false;
		}
		announcer->last_again = process->pid;
	}
	if (!has_same_code(process))
		return true;
	look_later(announcer, process, WAIT_NONE);
	return false;
}

/* Returns: whether there is time for it; if not, later. */
static bool may_look(struct announcer *announcer, struct process *process)
{
	struct program *program = programs_get(announcer->programs, process->id);
	int64_t now = announcer->now;

	if (!may_have_changed(announcer, process, program))
		return false;
	if ((process->is_young &&
	     !rate_take(&program->looks, now, LOOKS_OF_ONE_PROGRAM)) ||
	    (announcer->has_scanned && !rate_take(&announcer->looks, now, LOOKS))) {
		put_off(announcer, process);
		return false;
	}
	return true;
}

static void look(struct announcer *announcer, struct process *process)
{
	struct maps maps;
	struct look look;

	/* Before the look, which then has seen all of it. */
	if (!process->is_young && !process->is_empty)
		proc_code(process->pid, &process->code);
	if (proc_look(process->pid, &maps, &look))
		found(announcer, process, &look);
	else
		put_off(announcer, process);
}

/* Returns: whether it runs a program. */
static bool check_program(struct announcer *announcer, struct process *process)
{
	struct program_id id;

	if (process->is_checked && !announcer->checks_all)
		return process->has_program;
	process->is_checked = true;
	if (!proc_program(process->pid, &id))
		/* It has ended, or is the kernel's. */
		process->has_program = process->is_young = false;
	else if (!process->has_program || !is_same_program(&process->id, &id))
		visit_begin(announcer, process, &id);
	return process->has_program;
}

void visit(struct announcer *announcer, struct process *process)
{
	if (process->is_selected && check_program(announcer, process) &&
	    visit_is_due(announcer, process) && !is_guessed(announcer, process) &&
	    may_look(announcer, process))
		look(announcer, process);
}
