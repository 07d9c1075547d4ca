// SPDX-License-Identifier: BSD-2-Clause
#include "library.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../announce/elf64.h"
#include "place.h"

/* A copy for a container has a name of its own, see place.c. */
static bool may_be_it(const struct mapping *mapping)
{
	const char *base = strrchr(mapping->path, '/');

	return base && !mapping->offset && mapping->readable && strstr(base, "pyusdt") &&
	       strstr(base, ".so") && !strstr(base, "/_pyusdt");
}

void library_find(struct target *target, struct library *library)
{
	*library = (struct library){0};
	for (size_t i = 0; i < target->mappings.count; i++) {
		const struct mapping *mapping = &target->mappings.all[i];
		struct remote *memory = target_memory(target);
		struct elf elf;

		if (!may_be_it(mapping) || !elf_open(memory, mapping->start, &elf) ||
		    !elf_symbol(memory, &elf, "pyusdt_enable"))
			continue;
		library->loaded = true;
		if (strlen(mapping->path) < sizeof(library->path) &&
		    place_is(target, mapping->path, mapping))
			memcpy(library->path, mapping->path, strlen(mapping->path) + 1);
		library->attach = elf_symbol(memory, &elf, "_pyusdt_attach");
		library->state = elf_symbol(memory, &elf, "_pyusdt_attached");
		return;
	}
}

bool library_state(struct target *target, const struct library *library,
		   struct attach_state *state)
{
	/* It is read from its beginning on: a new @done may have come with an old result.
	 */
	for (int i = 0; i < 2; i++)
		if (!library->attach || !library->state ||
		    !remote_read(target_memory(target), library->state, state,
				 sizeof(*state)) ||
		    state->size != sizeof(*state))
			return false;
	return true;
}

bool library_take_back(struct target *target, const struct library *library)
{
	struct attach_state state;
	uint64_t none = 0;

	if (!library_state(target, library, &state) || !state.asked)
		return true;
	target_write(target, library->state + offsetof(struct attach_state, asked), &none,
		     sizeof(none));
	return false;
}
