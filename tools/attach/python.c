// SPDX-License-Identifier: BSD-2-Clause
#include "python.h"

#include <string.h>

#include "debug_offsets.h"

#define OLDEST 0x030c0000
#define NEWEST 0x030fffff

/* Of a command line and an environment. What is beyond is not looked at. */
#define MAX_WORDS ((size_t)256 << 10)

/* Each in turn: CPython may be in the program, or in a library of any name. */
static bool find_in(struct target *target, const struct mapping *mapping,
		    struct python *python)
{
	struct remote *memory = target_memory(target);

	if (mapping->offset || !mapping->inode || !mapping->readable ||
	    !elf_open(memory, mapping->start, &python->elf))
		return false;
	python->runtime = elf_symbol(memory, &python->elf, "_PyRuntime");
	return python->runtime != 0;
}

static uint32_t version_of(struct target *target, const struct python *python)
{
	struct remote *memory = target_memory(target);
	uint64_t address = elf_symbol(memory, &python->elf, "Py_Version");

	return address ? (uint32_t)remote_word(memory, address) : 0;
}

/* Returns: the word behind @word, at most @end, where there is a NUL. */
static const char *next_word(const char *word, const char *end)
{
	word += strnlen(word, (size_t)(end - word));
	return word < end ? word + 1 : end;
}

/* @name: as it is, or with "=" and more behind. */
static bool is(const char *word, const char *name)
{
	size_t size = strlen(name);

	return !strncmp(word, name, size) && (!word[size] || word[size] == '=');
}

/* @word: options of one letter each. Returns: the one with an argument, or its end. */
static const char *with_argument(const char *word)
{
	return word + strcspn(word, "cmWX");
}

bool python_words_disable(const char *words, size_t size)
{
	const char *end = words + size;

	for (const char *word = next_word(words, end);
	     word < end && word[0] == '-' && word[1]; word = next_word(word, end)) {
		const char *option = with_argument(word + 1);

		/* Long options, such as --check-hash-based-pycs: one has an argument. */
		if (word[1] == '-') {
			if (!strcmp(word, "--check-hash-based-pycs"))
				word = next_word(word, end);
			else if (!word[2])
				return false;
			continue;
		}
		/* What follows these is the program's. */
		if (*option == 'c' || *option == 'm')
			return false;
		if (!*option)
			continue;
		if (!option[1])
			word = next_word(word, end);
		if (*option == 'X' &&
		    is(option[1] ? option + 1 : word, "disable-remote-debug"))
			return true;
	}
	return false;
}

bool python_environment_disables(const char *words, size_t size)
{
	const char *name = "PYTHON_DISABLE_REMOTE_DEBUG=";
	const char *end = words + size;

	for (const char *word = words; word < end; word = next_word(word, end))
		if (!strncmp(word, name, strlen(name)))
			return word[strlen(name)] != 0;
	return false;
}

/* Before 3.14 CPython does not look: its user has said it all the same. */
static bool is_disabled(struct target *target)
{
	static char words[MAX_WORDS + 1];
	ssize_t size = target_read_file(target, "cmdline", words, MAX_WORDS);

	if (size > 0 && python_words_disable(words, (size_t)size))
		return true;
	size = target_read_file(target, "environ", words, MAX_WORDS);
	return size > 0 && python_environment_disables(words, (size_t)size);
}

const char *python_find(struct target *target, struct python *python)
{
	bool found = false;

	*python = (struct python){0};
	for (size_t i = 0; i < target->mappings.count && !found; i++)
		found = find_in(target, &target->mappings.all[i], python);
	if (!found)
		return "it has no CPython, or one without exported symbols";
	python->version = version_of(target, python);
	if (python->version < OLDEST)
		return "its CPython is older than 3.12";
	if (python->version > NEWEST)
		return "its CPython is newer than this knows";
	if (debug_offsets_free_threaded(target, python))
		return "its CPython is free-threaded";
	return is_disabled(target) ? "its user has disabled remote debugging" : NULL;
}
