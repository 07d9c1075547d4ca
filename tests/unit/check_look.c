// SPDX-License-Identifier: BSD-2-Clause
/* What pyusdt-announce makes of a process' memory: what is right, and every kind of lie.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "memory_image.h"
#include "fake_python.h"
#include "support.h"

#define EARLY_FRAMES "its frames are not where they should be"

static struct fake_python python; /* libcheck forks: each test has its own */

static void expect_words(uint64_t tstate)
{
	struct look look = fake_look(&python);

	ck_assert_ptr_null(look.why);
	ck_assert_int_eq(look.finding, FOUND_LAYOUT);
	ck_assert_uint_eq(look.words.tstate, tstate);
}

static void expect(enum finding finding, const char *why)
{
	struct look look = fake_look(&python);

	ck_assert_str_eq(look.why, why);
	ck_assert_int_eq(look.finding, finding);
}

START_TEST(published_offsets)
{
	const uint32_t versions[] = {0x030d00f0, 0x030e0af0};

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct look look;

		fake_python_init(&python, versions[i]);
		look = fake_look(&python);
		ck_assert_int_eq(look.finding, FOUND_LAYOUT);
		ck_assert_uint_eq(look.version, versions[i]);
		ck_assert_uint_eq(look.words.tstate, 0x348);
		ck_assert_uint_eq(look.words.walk, 0x0038004600000008);
		ck_assert_uint_eq(look.words.names, 0x00c0004400700080);
		ck_assert_uint_eq(look.words.rest, 0x0003402800980048);
		ck_assert_uint_eq(look.words.version,
				  UINT64_C(0x0010001000000000) | versions[i]);
	}
}
END_TEST

START_TEST(offsets_of_3_12)
{
	struct look look;

	fake_python_init(&python, 0x030c01f0);
	look = fake_look(&python);
	ck_assert_int_eq(look.finding, FOUND_LAYOUT);
	ck_assert_uint_eq(look.words.tstate, 0x348);
	ck_assert_uint_eq(look.words.walk, 0x0038004600000008);
	ck_assert_uint_eq(look.words.rest, 0x0103402800880038);
	ck_assert_uint_eq(look.words.version, 0x01800010030c01f0);
}
END_TEST

START_TEST(lowest_of_several_keys)
{
	fake_python_init(&python, 0x030d00f0);
	for (int i = 0; i < FAKE_THREADS; i++)
		fake_set_key(&python, i, 9, FAKE_STATE(i));
	expect_words(0x348);
	/* One that not all threads have is none. */
	fake_set_key(&python, 1, FAKE_KEY, 0);
	expect_words(0x310 + 9 * 16 + 8);
}
END_TEST

START_TEST(key_that_the_runtime_names)
{
	const uint64_t key = FAKE_RUNTIME + 1544; /* in 3.12 */

	fake_python_init(&python, 0x030c01f0);
	for (int i = 0; i < FAKE_THREADS; i++)
		fake_set_key(&python, i, 9, FAKE_STATE(i));
	fake_put(&python, key, 1 | UINT64_C(9) << 32);
	expect_words(0x310 + 9 * 16 + 8);
	/* Not one with which the state is not, nor one that cannot be. */
	fake_put(&python, key, 1 | UINT64_C(8) << 32);
	expect_words(0x348);
	fake_put(&python, key, 1 | UINT64_C(0xffffffff) << 32);
	expect_words(0x348);
	fake_put(&python, key, UINT64_C(9) << 32);
	expect_words(0x348);
}
END_TEST

START_TEST(key_that_was_deleted)
{
	fake_python_init(&python, 0x030d00f0);
	for (int i = 0; i < FAKE_THREADS; i++) {
		fake_set_key(&python, i, 1, FAKE_STATE(i));
		fake_put(&python, FAKE_POINTER(i) + FAKE_KEYS + 16, 0);
	}
	expect_words(0x348);
}
END_TEST

START_TEST(key_in_a_block_of_its_own)
{
	fake_python_init(&python, 0x030d00f0);
	for (int i = 0; i < FAKE_THREADS; i++) {
		fake_set_key(&python, i, FAKE_KEY, 0);
		fake_set_key(&python, i, 40, FAKE_STATE(i));
	}
	/* The pointer to the block of keys 32 to 63, and there that of 40. */
	expect_words((FAKE_BLOCKS + 8) | (UINT64_C(8) * 16 + 8 + 1) << 32);
}
END_TEST

START_TEST(threads_that_do_not_agree)
{
	fake_python_init(&python, 0x030d00f0);
	fake_set_key(&python, 1, FAKE_KEY, 0);
	fake_set_key(&python, 1, 5, FAKE_STATE(1));
	expect(FOUND_EARLY,
	       "its threads have their PyThreadState with different pthread keys");
}
END_TEST

START_TEST(no_thread_has_its_state)
{
	fake_python_init(&python, 0x030d00f0);
	for (int i = 0; i < FAKE_THREADS; i++)
		fake_set_key(&python, i, FAKE_KEY, 0);
	expect(FOUND_EARLY,
	       "no thread has its PyThreadState in pthread-specific data yet");
}
END_TEST

START_TEST(keys_of_musl)
{
	fake_python_init(&python, 0x030d00f0);
	for (int i = 0; i < FAKE_THREADS; i++) {
		uint64_t pointer = FAKE_POINTER(i);

		memset(python.threads[i] + 0x700, 0, 0x900);
		fake_put(&python, pointer, pointer);
		fake_put(&python, pointer + 128, FAKE_HEAP + 0x3000 + i * 0x400UL);
		fake_put(&python, FAKE_HEAP + 0x3000 + i * 0x400UL + 2 * 8,
			 FAKE_STATE(i));
	}
	expect_words(128 | UINT64_C(0x11) << 32);
}
END_TEST

/* The blocks of a file that was there at the start. */
static void set_static(uint32_t offset)
{
	for (int i = 0; i < FAKE_THREADS; i++) {
		fake_set_module(&python, i, 1, FAKE_POINTER(i) - 0x40);
		fake_put(&python, FAKE_POINTER(i) - 0x40 + offset, FAKE_STATE(i));
	}
}

START_TEST(static_block)
{
	fake_python_init(&python, 0x030f02f0);
	set_static(0x18);
	expect_words((uint32_t)-0x28);
}
END_TEST

START_TEST(block_that_is_anywhere)
{
	fake_python_init(&python, 0x030f02f0);
	for (int i = 0; i < FAKE_THREADS; i++) {
		fake_set_module(&python, i, 1, UINT64_MAX); /* not allocated */
		fake_set_module(&python, i, 3, FAKE_BLOCK + i * 0x100UL);
		fake_put(&python, FAKE_BLOCK + i * 0x100UL + 0x10, FAKE_STATE(i));
	}
	expect_words(8 | UINT64_C(0x31) << 32 | UINT64_C(0x11) << 48);
}
END_TEST

/* mov %fs:-0x28,%rax, with and without what may come before it. */
static void put_machine_code(size_t skip)
{
	static const unsigned char code[] = {0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48,
					     0x89, 0xe5, 0x64, 0x48, 0x8b, 0x04,
					     0x25, 0xd8, 0xff, 0xff, 0xff, 0xc3};

	fake_put_bytes(&python, FAKE_GET_STATE, code + skip, sizeof(code) - skip);
}

START_TEST(machine_code_decides_between_two)
{
	const size_t skips[] = {0, 4, 8};

	for (size_t i = 0; i < ARRAY_SIZE(skips); i++) {
		fake_python_init(&python, 0x030f02f0);
		set_static(0x18);
		set_static(0x20);
		expect(FOUND_EARLY,
		       "where its threads have their PyThreadState is not to "
		       "be told until one of them releases the GIL");
		put_machine_code(skips[i]);
		expect_words((uint32_t)-0x28);
	}
}
END_TEST

START_TEST(machine_code_of_a_library)
{
	/* mov 0x100(%rip),%rax; mov %fs:(%rax),%rax */
	static const unsigned char code[] = {0x48, 0x8b, 0x05, 0x00, 0x01, 0x00,
					     0x00, 0x64, 0x48, 0x8b, 0x00, 0xc3};

	fake_python_init(&python, 0x030f02f0);
	set_static(0x18);
	set_static(0x20);
	fake_put_bytes(&python, FAKE_GET_STATE, code, sizeof(code));
	fake_put(&python, FAKE_GET_STATE + 7 + 0x100, (uint64_t)-0x20);
	expect_words((uint32_t)-0x20);
}
END_TEST

START_TEST(one_of_two_while_the_gil_is_released)
{
	fake_python_init(&python, 0x030f02f0);
	set_static(0x18);
	set_static(0x20);
	fake_put(&python, FAKE_POINTER(1) - 0x20, 0);
	expect_words((uint32_t)-0x28);
}
END_TEST

START_TEST(types_by_name_where_they_are_not_exported)
{
	fake_python_init(&python, 0x030d00f0);
	fake_hide(&python, "PyCode_Type");
	fake_hide(&python, "PyUnicode_Type");
	fake_hide(&python, "Py_Version");
	expect_words(0x348);
	fake_put_bytes(&python, FAKE_TYPES + 0x110, "int", 4);
	expect(FOUND_EARLY, EARLY_FRAMES);
}
END_TEST

/* A library's variable of which the program has a copy: the copy is in use. */
START_TEST(program_before_its_library)
{
	fake_python_init(&python, 0x030d00f0);
	memcpy(python.library, python.image, sizeof(python.library));
	fake_remote_add(&python.fake, FAKE_LIBRARY, python.library,
			sizeof(python.library));
	python.maps.images[0] = FAKE_LIBRARY;
	python.maps.images[1] = FAKE_IMAGE;
	python.maps.count = 2;
	/* There everything is as far on as the library is, and nothing is. */
	expect(FOUND_EARLY, "its memory cannot be read");
	python.maps.images[0] = FAKE_IMAGE;
	python.maps.images[1] = FAKE_LIBRARY;
	expect_words(0x348);
}
END_TEST

START_TEST(refused)
{
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, FAKE_RUNTIME + 16, 1);
	expect(FOUND_OTHER,
	       "the frames of a free-threaded CPython are not known to pyusdt");
	fake_python_init(&python, 0x030b07f0);
	expect(FOUND_OTHER, "CPython before 3.12");
	fake_hide(&python, "Py_Version");
	expect(FOUND_OTHER, "CPython before 3.12, or one that does not say its version");
	fake_python_init(&python, 0x031000a0);
	expect(FOUND_OTHER,
	       "the frames of this version of CPython are not known to pyusdt");
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, FAKE_RUNTIME, 0);
	expect(FOUND_OTHER, "this CPython does not publish where its frames are");
	fake_python_init(&python, 0x030d00f0);
	fake_put_bytes(&python, FAKE_IMAGE + offsetof(Elf64_Ehdr, e_machine),
		       &(uint16_t){EM_AARCH64}, 2);
	expect(FOUND_OTHER, "only on x86-64 are threads known from outside");
}
END_TEST

START_TEST(offsets_that_cannot_be)
{
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, FAKE_RUNTIME + 72, UINT64_C(1) << 32);
	expect(FOUND_OTHER, "this CPython publishes offsets that cannot be");
	/* One that is true, but does not fit. */
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, FAKE_RUNTIME + 288, 0x20000); /* name: it is not told */
	expect_words(0x348);
	for (int i = 0; i < FAKE_THREADS; i++)
		fake_put(&python, FAKE_STATE(i) + 0x400 + 0x10, 0);
	fake_put(&python, FAKE_RUNTIME + 560, 0x128);
	expect(FOUND_OTHER, "an offset of its frames is too large for the probe PROCESS");
}
END_TEST

START_TEST(no_python)
{
	fake_python_init(&python, 0x030d00f0);
	fake_hide(&python, "_PyRuntime");
	expect(FOUND_EARLY, "another interpreter, or CPython before 3.7");
	python.maps.named = false;
	expect(FOUND_NONE, "no CPython in it");
	python.maps.count = 0;
	expect(FOUND_NONE, "no CPython in it");
}
END_TEST

START_TEST(not_begun)
{
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, FAKE_RUNTIME + 648, 0);
	expect(FOUND_EARLY, "its CPython has not begun yet, or has ended");
	fake_python_init(&python, 0x030d00f0);
	for (int i = 0; i < FAKE_THREADS; i++)
		fake_put(&python, FAKE_STATE(i) + 72, 0);
	expect(FOUND_EARLY, "no Python function runs in it yet");
}
END_TEST

/* A thread that has ended: another has its thread pointer, or nobody. */
START_TEST(state_without_a_thread)
{
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, FAKE_STATE(1) + 152, FAKE_POINTER(0));
	expect_words(0x348);
	fake_put(&python, FAKE_STATE(1) + 152, UINT64_C(0xffffffffffffff00));
	expect_words(0x348);
}
END_TEST

START_TEST(frames_that_are_none)
{
	const uint64_t frame = FAKE_FRAME(0, 0);

	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, frame, FAKE_TEXT); /* the code object */
	expect(FOUND_EARLY, EARLY_FRAMES);
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, frame + 56, FAKE_OBJECT - 0x100000); /* the instruction */
	expect(FOUND_EARLY, EARLY_FRAMES);
	fake_put(&python, frame + 56, FAKE_OBJECT + 0x10000000);
	expect(FOUND_EARLY, EARLY_FRAMES);
	fake_python_init(&python, 0x030d00f0);
	fake_put_bytes(&python, FAKE_OBJECT + 68, &(int32_t){-1}, 4); /* the line */
	expect(FOUND_EARLY, EARLY_FRAMES);
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, FAKE_OBJECT + 112, FAKE_OBJECT); /* the file's name */
	expect(FOUND_EARLY, EARLY_FRAMES);
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, frame + 8, UINT64_MAX - 8); /* the frame before it */
	expect(FOUND_EARLY, EARLY_FRAMES);
}
END_TEST

/* Within the bound of each loop, and far below that of all. */
static void expect_few_reads(void)
{
	ck_assert_uint_lt(python.fake.reads, REMOTE_READS / 2);
	ck_assert_uint_gt(python.fake.remote.reads_left, 0);
}

START_TEST(frames_in_a_circle)
{
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, FAKE_FRAME(0, 2) + 8, FAKE_FRAME(0, 0));
	expect_words(0x348); /* as of a recursion without end */
	expect_few_reads();
	fake_put(&python, FAKE_FRAME(0, 1) + 8, FAKE_FRAME(0, 1));
	expect(FOUND_EARLY, EARLY_FRAMES); /* CPython's own never are */
	expect_few_reads();
}
END_TEST

START_TEST(threads_in_a_circle)
{
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, FAKE_STATE(1) + 8, FAKE_STATE(0));
	expect_words(0x348);
	expect_few_reads();
	/* None of them a thread. */
	for (int i = 0; i < FAKE_THREADS; i++)
		fake_put(&python, FAKE_STATE(i) + 152, 0);
	expect(FOUND_EARLY, "its CPython has not begun yet, or has ended");
	expect_few_reads();
}
END_TEST

START_TEST(interpreters_in_a_circle)
{
	fake_python_init(&python, 0x030d00f0);
	fake_put(&python, FAKE_INTERP + 16, FAKE_INTERP);
	expect_words(0x348);
	expect_few_reads();
}
END_TEST

START_TEST(nothing_is_read_any_more)
{
	fake_python_init(&python, 0x030d00f0);
	python.fake.remote.reads_left = 5;
	ck_assert_int_ne(fake_look(&python).finding, FOUND_LAYOUT);
	ck_assert_uint_eq(python.fake.reads, 5);
}
END_TEST

/* Frames come and go while they are read. */
static void change(struct fake_remote *fake, uint64_t address)
{
	static unsigned int calls;

	(void)fake;
	if (address == FAKE_FRAME(0, 0))
		fake_put(&python, address, ++calls % 3 ? FAKE_OBJECT : FAKE_TEXT);
}

static void never_right(struct fake_remote *fake, uint64_t address)
{
	static unsigned int calls;

	(void)fake;
	if (address == FAKE_FRAME(0, 0))
		fake_put(&python, address, ++calls % 2 ? FAKE_OBJECT : FAKE_TEXT);
}

START_TEST(process_that_runs_meanwhile)
{
	fake_python_init(&python, 0x030d00f0);
	python.fake.before_read = change;
	expect_words(0x348);
	fake_python_init(&python, 0x030d00f0);
	python.fake.before_read = never_right;
	expect(FOUND_EARLY, EARLY_FRAMES);
	expect_few_reads();
}
END_TEST

/* Wherever it ends. */
START_TEST(process_that_ends_meanwhile)
{
	unsigned int needed;

	fake_python_init(&python, 0x030d00f0);
	expect_words(0x348);
	needed = REMOTE_READS - python.fake.remote.reads_left;
	for (unsigned int i = 0; i < needed; i++) {
		fake_python_init(&python, 0x030d00f0);
		python.fake.remote.reads_left = i;
		ck_assert_int_ne(fake_look(&python).finding, FOUND_LAYOUT);
	}
}
END_TEST

START_TEST(memory_that_may_not_be_read)
{
	fake_python_init(&python, 0x030d00f0);
	python.fake.count = 0;
	python.fake.error = EPERM;
	expect(FOUND_HIDDEN,
	       "its memory may not be read: run as root, or with CAP_SYS_PTRACE");
}
END_TEST

static unsigned char recorded[1 << 20];

static void expect_recorded(const char *name, uint32_t version, uint64_t tstate)
{
	char path[4096];
	struct look look;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/look/%s", TEST_SRCDIR, name);
	file = fopen(path, "rb");
	ck_assert_ptr_nonnull(file);
	size = fread(recorded, 1, sizeof(recorded), file);
	fclose(file);
	memory_load(recorded, size, &python.fake, &python.maps);
	look = fake_look(&python);
	ck_assert_msg(!look.why, "%s: %s", name, look.why);
	ck_assert_uint_eq(look.version, version);
	ck_assert_msg(look.words.tstate == tstate, "%s: %#llx", name,
		      (unsigned long long)look.words.tstate);
}

/* What the fuzz target begins with. */
START_TEST(memory_of_real_ones)
{
	expect_recorded("python-3.12.1", 0x030c01f0, 0x318);
	expect_recorded("python-3.13.0", 0x030d00f0, 0x328);
	expect_recorded("python-3.14", 0x030e0af0, 0x328);
	expect_recorded("python-3.15", 0x030f02f0, 0xffffffd8);
}
END_TEST

int main(void)
{
	TCase *right = tcase_create("right"), *wrong = tcase_create("wrong");

	tcase_add_test(right, published_offsets);
	tcase_add_test(right, offsets_of_3_12);
	tcase_add_test(right, lowest_of_several_keys);
	tcase_add_test(right, key_that_the_runtime_names);
	tcase_add_test(right, key_that_was_deleted);
	tcase_add_test(right, key_in_a_block_of_its_own);
	tcase_add_test(right, keys_of_musl);
	tcase_add_test(right, static_block);
	tcase_add_test(right, block_that_is_anywhere);
	tcase_add_test(right, machine_code_decides_between_two);
	tcase_add_test(right, machine_code_of_a_library);
	tcase_add_test(right, one_of_two_while_the_gil_is_released);
	tcase_add_test(right, types_by_name_where_they_are_not_exported);
	tcase_add_test(right, program_before_its_library);
	tcase_add_test(right, memory_of_real_ones);
	tcase_add_test(wrong, threads_that_do_not_agree);
	tcase_add_test(wrong, no_thread_has_its_state);
	tcase_add_test(wrong, refused);
	tcase_add_test(wrong, offsets_that_cannot_be);
	tcase_add_test(wrong, no_python);
	tcase_add_test(wrong, not_begun);
	tcase_add_test(wrong, state_without_a_thread);
	tcase_add_test(wrong, frames_that_are_none);
	tcase_add_test(wrong, frames_in_a_circle);
	tcase_add_test(wrong, threads_in_a_circle);
	tcase_add_test(wrong, interpreters_in_a_circle);
	tcase_add_test(wrong, nothing_is_read_any_more);
	tcase_add_test(wrong, process_that_runs_meanwhile);
	tcase_add_test(wrong, process_that_ends_meanwhile);
	tcase_add_test(wrong, memory_that_may_not_be_read);
	return support_main("look", right, wrong);
}
