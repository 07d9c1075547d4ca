// SPDX-License-Identifier: BSD-2-Clause
/* Which probes of the provider python a file has, whatever it is. */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <usdt.h>

#include "base/pycompat.h"
#include "probes/elfnotes.h"
#include "support.h"

/* This program has some itself, and others of those names. */
#define OWN_EVENTS (PYUSDT_PYTHON_GC_START | PYUSDT_PYTHON_IMPORT_DONE)

USDT_DEFINE_SEMA(own);

static __attribute__((noinline)) void own_probes(long number)
{
	USDT_WITH_EXPLICIT_SEMA(own, python, gc__start, number);
	USDT_WITH_EXPLICIT_SEMA(own, python, import__find__load__done, number, number);
	USDT_WITH_EXPLICIT_SEMA(own, python, audit, number);
	USDT_WITH_EXPLICIT_SEMA(own, pythons, gc__done, number);
	USDT_WITH_EXPLICIT_SEMA(own, ython, line, number);
}

/* Where the interpreter is taken to be; NULL: where it is. */
static const void *interpreter;

const void *__real_pycompat_interpreter(void);
const void *__wrap_pycompat_interpreter(void)
{
	return interpreter ? interpreter : __real_pycompat_interpreter();
}

#define NAMES        "\0.shstrtab\0.note.stapsdt"
#define NAMES_NAME   1
#define NOTES_NAME   11
#define MAX_NOTE     80
#define IMAGE_EVENTS (PYUSDT_PYTHON_LINE | PYUSDT_PYTHON_FUNCTION_ENTRY)

struct note {
	ElfW(Nhdr) header;
	char owner[8];
	char description[MAX_NOTE];
};

/* The smallest file that has such probes. */
struct image {
	ElfW(Ehdr) header;
	ElfW(Shdr) sections[3];
	char names[sizeof(NAMES)];
	struct note notes[3] __attribute__((aligned(4)));
};

/* @text: provider, name and arguments. */
static struct note note(uint32_t type, const char *owner, const char *text, size_t size)
{
	struct note new = {
		.header = {.n_namesz = (uint32_t)strlen(owner) + 1,
			   .n_descsz = MAX_NOTE,
			   .n_type = type},
	};

	memcpy(new.owner, owner, strlen(owner) + 1);
	memcpy(new.description + 3 * sizeof(ElfW(Addr)), text, size);
	return new;
}

#define PROBE(text) note(3, "stapsdt", text, sizeof(text))

static struct image image(void)
{
	struct image new = {
		.header =
			{
				.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
					    sizeof(ElfW(Addr)) == 8 ? ELFCLASS64
								    : ELFCLASS32},
				.e_shoff = offsetof(struct image, sections),
				.e_shentsize = sizeof(ElfW(Shdr)),
				.e_shnum = 3,
				.e_shstrndx = 1,
			},
		.sections =
			{
				[1] = {.sh_name = NAMES_NAME,
				       .sh_offset = offsetof(struct image, names),
				       .sh_size = sizeof(NAMES)},
				[2] = {.sh_name = NOTES_NAME,
				       .sh_offset = offsetof(struct image, notes),
				       .sh_size = sizeof(new.notes)},
			},
		.names = NAMES,
		.notes = {PROBE("python\0line\0004@%eax"), PROBE("other\0gc__done\0"),
			  PROBE("python\0function__entry\0")},
	};

	return new;
}

/* Returns: the events of a file with these contents. */
static uint64_t events_of(const void *data, size_t size)
{
	static int descriptor = -1;
	char path[64];

	if (descriptor < 0)
		descriptor = memfd_create("image", MFD_CLOEXEC);
	ck_assert_int_ge(descriptor, 0);
	ck_assert_int_eq(ftruncate(descriptor, 0), 0);
	ck_assert_int_eq(pwrite(descriptor, data, size, 0), (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	return elfnotes_file_events(path);
}

START_TEST(an_image)
{
	struct image new = image();

	ck_assert_uint_eq(events_of(&new, sizeof(new)), IMAGE_EVENTS);
}
END_TEST

START_TEST(each_probe_by_name)
{
	static const struct {
		const char *text;
		size_t size;
		uint64_t event;
	} probes[] = {
#define COMPAT(name, bit, probe, ...) \
	{"python\0" #probe "\0", sizeof("python\0" #probe "\0"), PYUSDT_##name},
#include "events/events.def"
		{"python\0lin\0", sizeof("python\0lin\0"), 0},
		{"python\0lines\0", sizeof("python\0lines\0"), 0},
		{"Python\0line\0", sizeof("Python\0line\0"), 0},
		{"python.line\0", sizeof("python.line\0"), 0},
		{"python\0", sizeof("python\0"), 0},
		{"\0line\0", sizeof("\0line\0"), 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		struct image new = image();

		memset(new.notes, 0, sizeof(new.notes));
		new.notes[0] = note(3, "stapsdt", probes[i].text, probes[i].size);
		ck_assert_msg(events_of(&new, sizeof(new)) == probes[i].event, "%zu", i);
	}
}
END_TEST

START_TEST(notes_of_others)
{
	struct image new = image();

	new.notes[0] = note(1, "stapsdt", "python\0line\0", sizeof("python\0line\0"));
	ck_assert_uint_eq(events_of(&new, sizeof(new)), PYUSDT_PYTHON_FUNCTION_ENTRY);
	new.notes[0] = note(3, "stapsdx", "python\0line\0", sizeof("python\0line\0"));
	ck_assert_uint_eq(events_of(&new, sizeof(new)), PYUSDT_PYTHON_FUNCTION_ENTRY);
	memcpy(new.names + NOTES_NAME, ".note.stapsdX", sizeof(".note.stapsdX"));
	ck_assert_uint_eq(events_of(&new, sizeof(new)), 0);
}
END_TEST

static const char *const no_elf[] = {
	"/nowhere/at/all",    "/", "/dev/null", "/proc/self/cmdline",
	"/proc/self/environ", "",
};

START_TEST(what_is_no_file)
{
	for (size_t i = 0; i < ARRAY_SIZE(no_elf); i++)
		ck_assert_uint_eq(elfnotes_file_events(no_elf[i]), 0);
}
END_TEST

START_TEST(files_of_another_kind)
{
	static const char text[] = "#!/bin/sh\necho .note.stapsdt python line\n";
	struct image new;

	ck_assert_uint_eq(events_of("", 0), 0);
	ck_assert_uint_eq(events_of(text, sizeof(text)), 0);
	new = image();
	new.header.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	ck_assert_uint_eq(events_of(&new, sizeof(new)), 0);
	new = image();
	new.header.e_ident[0] = 0;
	ck_assert_uint_eq(events_of(&new, sizeof(new)), 0);
	new = image();
	new.header.e_shnum = 0;
	ck_assert_uint_eq(events_of(&new, sizeof(new)), 0);
	new = image();
	new.header.e_shstrndx = 3;
	ck_assert_uint_eq(events_of(&new, sizeof(new)), 0);
	new = image();
	new.header.e_shentsize /= 2;
	ck_assert_uint_eq(events_of(&new, sizeof(new)), 0);
}
END_TEST

/* What is said to be the note ends there, whatever follows. */
START_TEST(notes_of_every_length)
{
	static const char text[] = "python\0line\0";

	for (uint32_t size = 0; size <= MAX_NOTE; size++) {
		struct image new = image();
		bool whole = size >= 3 * sizeof(ElfW(Addr)) + sizeof(text) - 1;

		memset(new.notes, 0, sizeof(new.notes));
		new.notes[0] = note(3, "stapsdt", text, sizeof(text));
		new.notes[0].header.n_descsz = size;
		ck_assert_uint_eq(events_of(&new, sizeof(new)),
				  whole ? PYUSDT_PYTHON_LINE : 0);
	}
}
END_TEST

START_TEST(cut_at_every_length)
{
	struct image new = image();

	for (size_t size = 0; size < sizeof(new); size++)
		ck_assert_uint_eq(events_of(&new, size) & ~IMAGE_EVENTS, 0);
	for (size_t size = 0; size <= offsetof(struct image, notes); size++)
		ck_assert_uint_eq(events_of(&new, size), 0);
}
END_TEST

START_TEST(every_bit_turned)
{
	static char page[4096];
	struct image *new = (struct image *)page;

	for (size_t bit = 0; bit < 8 * sizeof(*new); bit++) {
		uint64_t events;

		*new = image();
		page[bit / 8] ^= (char)(1 << bit % 8);
		events = events_of(page, sizeof(*new));
		ck_assert_msg(!(events & ~IMAGE_EVENTS), "bit %zu", bit);
		/* With what follows it in a whole page. */
		events = events_of(page, sizeof(page));
		ck_assert_msg(!(events & ~IMAGE_EVENTS), "bit %zu", bit);
	}
}
END_TEST

#define FIELD(name) {offsetof(struct image, name), sizeof(((struct image *)NULL)->name)}

/* Offsets, sizes and indices that lead out of it, and around. */
START_TEST(numbers_that_lead_astray)
{
	static const uint64_t numbers[] = {
		0,
		1,
		3,
		4095,
		4096,
		4097,
		1 << 20,
		UINT32_MAX,
		UINT64_MAX,
		UINT64_MAX - 3,
		UINT64_MAX - 63,
		INT64_MAX,
		UINT64_C(1) << 63,
	};

	static const struct {
		size_t offset;
		size_t size;
	} fields[] = {
		FIELD(header.e_shoff),           FIELD(header.e_shnum),
		FIELD(header.e_shstrndx),        FIELD(sections[1].sh_offset),
		FIELD(sections[1].sh_size),      FIELD(sections[2].sh_name),
		FIELD(sections[2].sh_offset),    FIELD(sections[2].sh_size),
		FIELD(notes[0].header.n_namesz), FIELD(notes[0].header.n_descsz),
		FIELD(notes[2].header.n_namesz), FIELD(notes[2].header.n_descsz),
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(numbers); j++) {
			struct image new = image();

			memcpy((char *)&new + fields[i].offset, &numbers[j],
			       fields[i].size);
			ck_assert_uint_eq(events_of(&new, sizeof(new)) & ~IMAGE_EVENTS,
					  0);
		}
	}
}
END_TEST

START_TEST(this_program)
{
	own_probes(_i);
	ck_assert_uint_eq(elfnotes_file_events("/proc/self/exe"), OWN_EVENTS);
}
END_TEST

static const struct {
	const char *compat; /* NULL: not set */
	uint64_t events;
} environments[] = {
	{NULL, OWN_EVENTS}, {"", OWN_EVENTS}, {"0", OWN_EVENTS},
	{"11", OWN_EVENTS}, {"1", 0},
};

static void set_compat(const char *value)
{
	if (value)
		setenv("PYUSDT_COMPAT", value, 1);
	else
		unsetenv("PYUSDT_COMPAT");
}

START_TEST(unless_asked_for)
{
	interpreter = (const void *)own_probes;
	set_compat(environments[_i].compat);
	ck_assert_uint_eq(elfnotes_python_events(), environments[_i].events);
	/* It is looked at once. */
	set_compat(environments[_i].compat ? NULL : "1");
	interpreter = &interpreter;
	ck_assert_uint_eq(elfnotes_python_events(), environments[_i].events);
}
END_TEST

static const char *file_of(const void *address)
{
	Dl_info info;

	ck_assert_int_ne(dladdr(address, &info), 0);
	return info.dli_fname;
}

/* This program refers to a variable of Python's, and so may have a copy of its own. */
START_TEST(the_interpreter)
{
	const char *file = file_of((const void *)Py_Initialize);

	unsetenv("PYUSDT_COMPAT");
	ck_assert_uint_ge(Py_Version, 0x030c0000);
	ck_assert_str_eq(file_of(__real_pycompat_interpreter()), file);
	ck_assert_uint_eq(elfnotes_python_events(), elfnotes_file_events(file));
}
END_TEST

START_TEST(an_address_of_no_file)
{
	char here;

	unsetenv("PYUSDT_COMPAT");
	interpreter = &here;
	ck_assert_uint_eq(elfnotes_python_events(), 0);
}
END_TEST

/* What the interpreter has is accepted, and left to it. */
START_TEST(left_to_the_interpreter)
{
	const uint64_t gc = PYUSDT_PYTHON_GC_START | PYUSDT_PYTHON_GC_DONE;
	bool compat = _i;

	interpreter = (const void *)own_probes;
	set_compat(compat ? "1" : NULL);
	python_start();
	py_exec("import gc\n"
		"gc.disable()\n");
	fake_watch(gc);
	ck_assert_int_eq(pyusdt_enable(gc), 0);
	ck_assert_uint_eq(pyusdt_enabled(), gc);
	ck_assert_uint_eq(pyusdt_active(), compat ? gc : PYUSDT_PYTHON_GC_DONE);
	py_exec("gc.collect()");
	ck_assert_uint_eq(fake_count(), compat ? 2 : 1);
	ck_assert_int_eq(fake_record(0)->event,
			 compat ? EVENT_PYTHON_GC_START : EVENT_PYTHON_GC_DONE);
	/* Alone, it is nothing to wait for. */
	fake_watch(PYUSDT_PYTHON_GC_START);
	ck_assert_int_eq(pyusdt_poll(), !compat);
	ck_assert_int_eq(py_long("len(gc.callbacks)"), compat);
	python_stop();
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("elfnotes");

	tcase_add_test(tcase, an_image);
	tcase_add_test(tcase, each_probe_by_name);
	tcase_add_test(tcase, notes_of_others);
	tcase_add_test(tcase, what_is_no_file);
	tcase_add_test(tcase, files_of_another_kind);
	tcase_add_test(tcase, notes_of_every_length);
	tcase_add_test(tcase, cut_at_every_length);
	tcase_add_test(tcase, every_bit_turned);
	tcase_add_test(tcase, numbers_that_lead_astray);
	tcase_add_test(tcase, this_program);
	tcase_add_loop_test(tcase, unless_asked_for, 0, ARRAY_SIZE(environments));
	tcase_add_test(tcase, the_interpreter);
	tcase_add_test(tcase, an_address_of_no_file);
	tcase_add_loop_test(tcase, left_to_the_interpreter, 0, 2);
	return support_main("elfnotes", tcase);
}
