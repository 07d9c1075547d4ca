// SPDX-License-Identifier: BSD-2-Clause
/* The CPython of a process, found by its symbols or by its section. */
#include "python.h"

#include <unistd.h>

#include "elf64.h"

struct images {
	struct elf elf[MAPS_IMAGES];
	int count;
};

static void open_images(struct remote *remote, const struct maps *maps,
			struct images *images)
{
	images->count = 0;
	for (int i = 0; i < maps->count; i++)
		if (elf_open(remote, maps->images[i], &images->elf[images->count]))
			images->count++;
}

/*
 * The program comes first, as for the dynamic linker: of a library's variables it may
 * have copies, and these are then the ones in use.
 */
static uint64_t find_symbol(struct remote *remote, const struct images *images,
			    const char *name, const struct elf **definer)
{
	for (int i = 0; i < images->count; i++) {
		uint64_t found = elf_symbol(remote, &images->elf[i], name);

		if (found) {
			*definer = &images->elf[i];
			return found;
		}
	}
	return 0;
}

static bool find_exported(struct remote *remote, const struct images *images,
			  struct python *python)
{
	const struct elf *definer = NULL, *unused;

	python->runtime = find_symbol(remote, images, "_PyRuntime", &definer);
	if (!python->runtime)
		return false;
	python->version = find_symbol(remote, images, "Py_Version", &unused);
	python->code_type = find_symbol(remote, images, "PyCode_Type", &unused);
	python->str_type = find_symbol(remote, images, "PyUnicode_Type", &unused);
	/* A function is never copied, and so tells which file CPython is in. */
	python->get_state =
		find_symbol(remote, images, "PyGILState_GetThisThreadState", &definer);
	python->tls_size = definer->tls_size;
	python->machine = definer->machine;
	return true;
}

/*
 * A program that does not export its CPython still has a section .PyRuntime, with
 * _PyRuntime and nothing else in it: strip leaves it.
 */
static bool find_section(struct remote *remote, const struct maps *maps,
			 struct python *python)
{
	struct elf elf;
	uint64_t address;
	int program;

	if (!maps->has_program || !elf_open(remote, maps->images[0], &elf))
		return false;
	program = remote->ops->open_program(remote);
	if (program < 0)
		return false;
	address = elf_section(program, ".PyRuntime");
	close(program);
	if (!address)
		return false;
	python->runtime = address + elf.bias;
	python->tls_size = elf.tls_size;
	python->machine = elf.machine;
	return true;
}

bool python_find(struct remote *remote, const struct maps *maps, struct python *python)
{
	struct images images;

	*python = (struct python){0};
	open_images(remote, maps, &images);
	return find_exported(remote, &images, python) ||
	       find_section(remote, maps, python);
}
