// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a process comes from and whose it is stays as it is, and is asked once. Its
 * control group does not, and costs three system calls: it is asked again now and then.
 */
#include "decide.h"

#include "proc.h"

/* How far up the parents are looked for. */
#define MAX_ANCESTORS 16

#define MSEC_BETWEEN_DECISIONS 4000

static bool decide_at_depth(struct table *table, const struct selection *selection,
			    pid_t pid, int64_t now, int depth);

/* Returns: whether it comes from a process that is named. Changes the table. */
static bool is_descendant(struct table *table, const struct selection *selection,
			  pid_t parent, int64_t now, int depth)
{
	return parent > 1 && depth < MAX_ANCESTORS && table_add(table, parent) &&
	       decide_at_depth(table, selection, parent, now, depth + 1);
}

static bool decide_at_depth(struct table *table, const struct selection *selection,
			    pid_t pid, int64_t now, int depth)
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
	if (is_selected && selection->cgroup)
		is_selected = proc_is_in_cgroup(pid, selection->cgroup);
	if (is_selected && selection->has_pids)
		is_selected = selection_names(selection, pid) ||
			      (selection->children &&
			       is_descendant(table, selection, parent, now, depth));
	process = table_find(table, pid);
	process->is_decided = true;
	process->is_selected = is_selected;
	process->decided = now;
	return is_selected;
}

bool decide(struct table *table, const struct selection *selection, pid_t pid,
	    int64_t now)
{
	return decide_at_depth(table, selection, pid, now, 0);
}

bool decide_again(struct table *table, const struct selection *selection, pid_t pid,
		  int64_t now)
{
	struct process *process = table_find(table, pid);
	bool was_selected = process->is_selected;

	if (!selection->cgroup || now - process->decided < MSEC_BETWEEN_DECISIONS)
		return false;
	process->is_decided = false;
	return !decide(table, selection, pid, now) && was_selected;
}
