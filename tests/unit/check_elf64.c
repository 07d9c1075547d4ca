// SPDX-License-Identifier: BSD-2-Clause
/* Symbols of a file in memory, and sections of one on disk, whose headers lie. */
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf64.h"
#include "fake_python.h"
#include "support.h"

static struct fake_python python; /* libcheck forks: each test has its own */
static struct elf elf;

static void setup(void)
{
	fake_python_init(&python, 0x030d00f0);
}

static bool open_image(void)
{
	return elf_open(&python.fake.remote, FAKE_IMAGE, &elf);
}

static uint64_t symbol(const char *name)
{
	return elf_symbol(&python.fake.remote, &elf, name);
}

static void put_header(size_t offset, const void *bytes, size_t size)
{
	fake_put_bytes(&python, FAKE_IMAGE + offset, bytes, size);
}

#define PUT(field, type, value) \
	put_header(offsetof(Elf64_Ehdr, field), &(type){(type)(value)}, sizeof(type))

START_TEST(symbols_that_are_there)
{
	ck_assert(open_image());
	ck_assert_uint_eq(elf.machine, EM_X86_64);
	ck_assert_uint_eq(elf.tls_size, 0x40);
	ck_assert_uint_eq(symbol("_PyRuntime"), FAKE_RUNTIME);
	ck_assert_uint_eq(symbol("PyGILState_GetThisThreadState"), FAKE_GET_STATE);
	ck_assert_uint_eq(symbol("PyCode_Typ"), 0);
	ck_assert_uint_eq(symbol("none"), 0);
	fake_hide(&python, "_PyRuntime");
	ck_assert_uint_eq(symbol("_PyRuntime"), 0);
}
END_TEST

/* As at another address than it was linked for; glibc has relocated the table, musl not.
 */
START_TEST(file_that_was_moved)
{
	memcpy(python.library, python.image, sizeof(python.library));
	fake_remote_add(&python.fake, FAKE_LIBRARY, python.library,
			sizeof(python.library));
	ck_assert(elf_open(&python.fake.remote, FAKE_LIBRARY, &elf));
	ck_assert_uint_eq(elf.bias, FAKE_LIBRARY - FAKE_IMAGE);
	ck_assert_uint_eq(symbol("Py_Version"), FAKE_VERSION + elf.bias);
}
END_TEST

START_TEST(no_elf)
{
	put_header(0, "\x7f\x45\x4c\x47", 4);
	ck_assert(!open_image());
	setup();
	put_header(EI_CLASS, &(char){ELFCLASS32}, 1);
	ck_assert(!open_image());
	setup();
	put_header(EI_DATA, &(char){ELFDATA2MSB}, 1);
	ck_assert(!open_image());
	ck_assert(!elf_open(&python.fake.remote, UINT64_MAX - 8, &elf));
}
END_TEST

START_TEST(program_headers_that_lie)
{
	PUT(e_phnum, uint16_t, 0xffff);
	ck_assert(!open_image());
	setup();
	PUT(e_phentsize, uint16_t, 8);
	ck_assert(!open_image());
	setup();
	PUT(e_phoff, uint64_t, UINT64_MAX - FAKE_IMAGE);
	ck_assert(!open_image());
	setup();
	PUT(e_phoff, uint64_t, sizeof(python.image) - 8);
	ck_assert(!open_image());
	setup();
	PUT(e_phnum, uint16_t, 0);
	ck_assert(open_image());
	ck_assert_uint_eq(symbol("_PyRuntime"), 0);
}
END_TEST

static void put_program_header(int number, size_t offset, uint64_t value)
{
	fake_put(&python,
		 FAKE_IMAGE + sizeof(Elf64_Ehdr) + number * sizeof(Elf64_Phdr) + offset,
		 value);
}

START_TEST(dynamic_section_that_lies)
{
	const uint64_t addresses[] = {0, 1, FAKE_IMAGE + sizeof(python.image) - 8,
				      UINT64_MAX - 7, UINT64_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		setup();
		put_program_header(1, offsetof(Elf64_Phdr, p_vaddr), addresses[i]);
		ck_assert(open_image());
		ck_assert_uint_eq(symbol("_PyRuntime"), 0);
	}
	/* Too large: what fits is read. */
	setup();
	put_program_header(1, offsetof(Elf64_Phdr, p_memsz), UINT64_MAX);
	ck_assert(open_image());
	ck_assert_uint_eq(symbol("_PyRuntime"), FAKE_RUNTIME);
	setup();
	put_program_header(1, offsetof(Elf64_Phdr, p_memsz), 0);
	ck_assert(open_image());
	ck_assert_uint_eq(symbol("_PyRuntime"), 0);
}
END_TEST

static void put_hash(size_t word, uint32_t value)
{
	fake_put_bytes(&python, FAKE_HASH + word * 4, &value, sizeof(value));
}

START_TEST(hash_table_that_lies)
{
	const uint32_t values[] = {0, 2, 0x7fffffff, 0xffffffff};

	for (size_t word = 0; word < 3; word++)
		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			setup();
			put_hash(word, values[i]);
			ck_assert(open_image());
			symbol("_PyRuntime");
		}
	setup();
	put_hash(0, 0); /* no buckets */
	ck_assert(open_image());
	ck_assert_uint_eq(symbol("_PyRuntime"), 0);
	setup();
	put_hash(6, 0xfffffff0); /* the bucket's first symbol */
	ck_assert(open_image());
	ck_assert_uint_eq(symbol("_PyRuntime"), 0);
}
END_TEST

START_TEST(chain_without_an_end)
{
	static uint32_t chain[0x10000];

	/* All of them even, and so none the last. */
	fake_remote_add(&python.fake, FAKE_HASH + 7 * 4, chain, sizeof(chain));
	ck_assert(open_image());
	python.fake.reads = 0;
	ck_assert_uint_eq(symbol("_PyRuntime"), 0);
	ck_assert_uint_lt(python.fake.reads, 1000);
}
END_TEST

START_TEST(name_beyond_the_memory)
{
	ck_assert(open_image());
	for (uint64_t at = FAKE_SYMBOLS; at < FAKE_SYMBOLS + 6 * sizeof(Elf64_Sym);
	     at += sizeof(Elf64_Sym))
		fake_put_bytes(&python, at, &(uint32_t){0xffffffff}, 4);
	ck_assert_uint_eq(symbol("_PyRuntime"), 0);
}
END_TEST

/* ---- sections, in a file */

struct file {
	Elf64_Ehdr header;
	Elf64_Shdr sections[3];
	char names[32];
};

static struct file file;

static void setup_file(void)
{
	static const char names[] = "\0.text\0.PyRuntime\0.shstrtab";

	file = (struct file){
		.header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
			   .e_shoff = offsetof(struct file, sections),
			   .e_shentsize = sizeof(Elf64_Shdr),
			   .e_shnum = 3,
			   .e_shstrndx = 2},
		.sections = {{.sh_name = 1, .sh_addr = 0x1000},
			     {.sh_name = 7, .sh_addr = 0x2000},
			     {.sh_name = 18,
			      .sh_offset = offsetof(struct file, names),
			      .sh_size = sizeof(names)}},
	};
	memcpy(file.names, names, sizeof(names));
}

static uint64_t section(void)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	uint64_t found;

	ck_assert_int_eq(write(fd, &file, sizeof(file)), sizeof(file));
	found = elf_section(fd, ".PyRuntime");
	close(fd);
	return found;
}

START_TEST(section_that_is_there)
{
	setup_file();
	ck_assert_uint_eq(section(), 0x2000);
	file.sections[1].sh_name = 18;
	ck_assert_uint_eq(section(), 0);
}
END_TEST

START_TEST(section_headers_that_lie)
{
	setup_file();
	file.header.e_shnum = 0xffff;
	ck_assert_uint_eq(section(), 0);
	setup_file();
	file.header.e_shentsize = 1;
	ck_assert_uint_eq(section(), 0);
	setup_file();
	file.header.e_shstrndx = 3;
	ck_assert_uint_eq(section(), 0);
	setup_file();
	file.header.e_shoff = UINT64_MAX;
	ck_assert_uint_eq(section(), 0);
	setup_file();
	file.header.e_shoff = sizeof(file) - 8;
	ck_assert_uint_eq(section(), 0);
	setup_file();
	file.sections[2].sh_size = 0;
	ck_assert_uint_eq(section(), 0);
	setup_file();
	file.sections[2].sh_size = UINT64_MAX;
	ck_assert_uint_eq(section(), 0);
	setup_file();
	file.sections[2].sh_offset = UINT64_MAX - 3;
	ck_assert_uint_eq(section(), 0);
	setup_file();
	file.sections[0].sh_name = 0xffffffff;
	ck_assert_uint_eq(section(), 0x2000);
}
END_TEST

/* The name goes on behind what is said to be all names. */
START_TEST(names_without_an_end)
{
	setup_file();
	file.sections[2].sh_size = 7 + strlen(".PyRuntime");
	ck_assert_uint_eq(section(), 0);
	file.sections[2].sh_size++;
	ck_assert_uint_eq(section(), 0x2000);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("elf64");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, symbols_that_are_there);
	tcase_add_test(tcase, file_that_was_moved);
	tcase_add_test(tcase, no_elf);
	tcase_add_test(tcase, program_headers_that_lie);
	tcase_add_test(tcase, dynamic_section_that_lies);
	tcase_add_test(tcase, hash_table_that_lies);
	tcase_add_test(tcase, chain_without_an_end);
	tcase_add_test(tcase, name_beyond_the_memory);
	tcase_add_test(tcase, section_that_is_there);
	tcase_add_test(tcase, section_headers_that_lie);
	tcase_add_test(tcase, names_without_an_end);
	return support_main("elf64", tcase);
}
