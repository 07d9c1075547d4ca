// SPDX-License-Identifier: BSD-2-Clause
/*
 * A parent that ends is forgotten, and its children become others'. So each process is
 * decided on when it is new, and its parents before it.
 */
#include "chosen.h"

#include "proc.h"

/* How far up the parents are looked for. */
#define MAX_ANCESTORS 16

static bool decide(struct table *table, const struct selection *selection, pid_t pid,
		   int depth);

/* Returns: whether it comes from a process that is named. Changes the table. */
static bool is_descendant(struct table *table, const struct selection *selection,
			  pid_t parent, int depth)
{
	return parent > 1 && depth < MAX_ANCESTORS && table_add(table, parent) &&
	       decide(table, selection, parent, depth + 1);
}

/* Changes the table. Returns: whether the process, which is in it, is asked for. */
static bool decide(struct table *table, const struct selection *selection, pid_t pid,
		   int depth)
{
	struct process *process = table_find(table, pid);
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
		is_selected = selection_names(selection, pid) ||
			      (selection->children &&
			       is_descendant(table, selection, parent, depth));
	process = table_find(table, pid);
	process->is_decided = true;
	process->is_selected = is_selected;
	return is_selected;
}

void chosen_decide(struct table *table, const struct selection *selection, pid_t pid)
{
	decide(table, selection, pid, 0);
}
