// SPDX-License-Identifier: BSD-2-Clause
/* A line for each process, of which any text may be hostile. */
#include "list.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "look.h"
#include "maps.h"
#include "proc.h"

#define MAX_COMMAND 4096

static const char *version_text(uint32_t version, char text[32])
{
	if (!version)
		return NULL;
	snprintf(text, 32, "%u.%u.%u", version >> 24, version >> 16 & 0xff,
		 version >> 8 & 0xff);
	return text;
}

static void print_user(FILE *to, uid_t user)
{
	const struct passwd *entry = getpwuid(user);
	char number[16];

	snprintf(number, sizeof(number), "%u", user);
	json_string(to, entry ? entry->pw_name : number);
}

static void list_process(pid_t pid, bool is_named, FILE *to)
{
	char command[MAX_COMMAND], version[32];
	struct maps maps;
	struct look look;
	pid_t parent;
	uid_t user;

	if (!proc_look(pid, &maps, &look) || !proc_status(pid, &parent, &user) ||
	    !proc_command(pid, command, sizeof(command)) ||
	    ((look.finding == FOUND_NONE || look.finding == FOUND_HIDDEN) && !is_named))
		return;
	fprintf(to, "{\"pid\": %d, \"version\": ", pid);
	json_string(to, version_text(look.version, version));
	fputs(", \"user\": ", to);
	print_user(to, user);
	fputs(", \"command\": ", to);
	json_string(to, command);
	fputs(", \"library\": ", to);
	json_string(to, maps.library[0] ? maps.library : NULL);
	fprintf(to, ", \"stacks\": %s, \"why\": ", look.why ? "false" : "true");
	json_string(to, look.why);
	fputs("}\n", to);
}

void list_processes(const struct announcer *announcer, FILE *to)
{
	for (size_t i = 0; i < announcer->table.count; i++) {
		const struct process *process = &announcer->table.list[i];
		struct program_id id;
		bool is_named = selection_names(announcer->selection, process->pid);

		if (process->is_selected && (is_named || proc_program(process->pid, &id)))
			list_process(process->pid, is_named, to);
	}
}
