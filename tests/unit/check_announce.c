// SPDX-License-Identifier: BSD-2-Clause
/* The smaller parts of pyusdt-announce: what /proc says, JSON, rates, who is asked for.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "idle_process.h"
#include "json.h"
#include "maps.h"
#include "proc.h"
#include "programs.h"
#include "rate.h"
#include "selection.h"
#include "support.h"
#include "table.h"

/* ---- maps */

static struct maps maps;

static void read_maps(const char *text, const char *program)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	maps_read(file, program, &maps);
	fclose(file);
}

#define LINE(start, offset, path) start " r--p " offset " fe:01 12345 " path "\n"

START_TEST(program_and_libpython)
{
	read_maps(
		LINE("7f0000000000-7f0000001000", "00000000", "/lib/libpython3.13.so")
			LINE("7f0000001000-7f0000002000", "00001000",
			     "/lib/libpython3.13.so") "7f0000002000-7f0000003000 rw-p "
						      "00000000 00:00 0 \n"
						      "7f0000003000-7f0000004000 r-xp "
						      "00000000 00:00 0   [vdso]\n" LINE(
							      "7f1000000000-7f1000001000",
							      "00000000", "/bin/server"),
		"/bin/server");
	ck_assert_int_eq(maps.count, 2);
	ck_assert(maps.has_program && maps.named);
	ck_assert_uint_eq(maps.images[0], 0x7f1000000000);
	ck_assert_uint_eq(maps.images[1], 0x7f0000000000);
	ck_assert_str_eq(maps.library, "");
}
END_TEST

START_TEST(only_interpreters_are_named)
{
	read_maps(LINE("1000-2000", "00000000", "/lib/_ssl.cpython-313.so")
			  LINE("3000-4000", "00000000", "/lib/python3/x.so"),
		  "");
	ck_assert_int_eq(maps.count, 0);
	ck_assert(!maps.named && !maps.has_program);
	read_maps(LINE("1000-2000", "00000000", "/usr/bin/pypy3"), "");
	ck_assert(maps.named);
}
END_TEST

START_TEST(library_of_pyusdt)
{
	read_maps(LINE("1000-2000", "00000000", "/x y/libpyusdt.so.0.0.0 (deleted)")
			  LINE("3000-4000", "00000000", "/other/libpyusdt.so.0"),
		  "");
	ck_assert_str_eq(maps.library, "/x y/libpyusdt.so.0.0.0 (deleted)");
}
END_TEST

START_TEST(lines_that_are_none)
{
	char *text = malloc(100000), *line;

	read_maps("", "");
	read_maps("\n\n-\n1-2\n1000-2000 r--p\n1000-2000 r--p 0 0 0\n/bin/python\n", "");
	ck_assert_int_eq(maps.count, 0);
	/* More interpreters than there is room for, and a path without an end. */
	line = text;
	for (int i = 1; i < 39; i++)
		line += sprintf(line, LINE("%d000-%d800", "00000000", "/bin/python"), i,
				i);
	sprintf(line, LINE("39000-39800", "00000000", "/bin/program"));
	read_maps(text, "/bin/program");
	ck_assert_int_eq(maps.count, MAPS_IMAGES);
	ck_assert_uint_eq(maps.images[0], 0x39000);
	line = text + sprintf(text, "1000-2000 r--p 00000000 fe:01 1 /libpyusdt.so");
	memset(line, 'x', 20000);
	strcpy(line + 20000, "\n");
	read_maps(text, "");
	ck_assert_uint_eq(strlen(maps.library), MAPS_PATH - 1);
	free(text);
}
END_TEST

/* ---- JSON */

static void expect_json(const char *text, const char *expected)
{
	char *found;
	size_t size;
	FILE *file = open_memstream(&found, &size);

	json_string(file, text);
	fclose(file);
	ck_assert_str_eq(found, expected);
	free(found);
}

START_TEST(json)
{
	expect_json(NULL, "null");
	expect_json("", "\"\"");
	expect_json("a \"b\" \\c", "\"a \\\"b\\\" \\\\c\"");
	expect_json("\n\t\x1b[2J\x7f", "\"\\u000a\\u0009\\u001b[2J\\u007f\"");
	expect_json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x8d",
		    "\"\\u00e4\\u20ac\\ud83d\\udc0d\"");
	expect_json("\xc2\x9b", "\"\\u009b\""); /* a terminal's CSI */
	expect_json("\xff\xc3", "\"\\udcff\\udcc3\"");
	expect_json("\xc0\xaf", "\"\\udcc0\\udcaf\"");
	expect_json("\xe0\x80\xaf", "\"\\udce0\\udc80\\udcaf\"");
	expect_json("\xed\xa0\x80", "\"\\udced\\udca0\\udc80\"");
	expect_json("\xf4\x90\x80\x80", "\"\\udcf4\\udc90\\udc80\\udc80\"");
	expect_json("\xf0\x9f\x90", "\"\\udcf0\\udc9f\\udc90\"");
}
END_TEST

/* ---- rates */

START_TEST(rates)
{
	struct rate rate = {0};
	int taken = 0;

	for (int i = 0; i < 100; i++)
		taken += rate_take(&rate, 5000, 10, 20);
	ck_assert_int_eq(taken, 20);
	/* Ten more in each second, as often as it is asked for. */
	for (int i = 0; i < 3000; i++)
		taken += rate_take(&rate, 5000 + i, 10, 20);
	ck_assert_int_ge(taken, 49);
	ck_assert_int_le(taken, 50);
	/* After a long pause it is full, not more. */
	for (int i = 0; i < 100; i++)
		taken += rate_take(&rate, INT64_MAX / 1000, 10, 20);
	ck_assert_int_le(taken, 70);
}
END_TEST

/* ---- who is asked for */

START_TEST(process_ids)
{
	struct selection selection = {.count = 0};
	const char *const bad[] = {
		"",   ",", "1,",         "1,,2", "x",  "1x",  "-1",
		" 1", "0", "2147483648", "1 ",   "+1", "0x1", "99999999999999999999"};

	ck_assert(!selection_names(&selection, 1));
	ck_assert_ptr_null(selection_add_pids(&selection, "30,2,2147483647,2"));
	ck_assert_ptr_null(selection_add_pids(&selection, "7"));
	ck_assert_uint_eq(selection.count, 4);
	ck_assert(selection.has_pids);
	ck_assert(selection_names(&selection, 2) && selection_names(&selection, 7) &&
		  selection_names(&selection, 30) &&
		  selection_names(&selection, 2147483647));
	ck_assert(!selection_names(&selection, 3));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct selection other = {.count = 0};

		ck_assert_msg(selection_add_pids(&other, bad[i]) != NULL, "%s", bad[i]);
		selection_free(&other);
	}
	selection_free(&selection);
}
END_TEST

START_TEST(users)
{
	struct selection selection = {.count = 0};

	ck_assert_ptr_null(selection_set_user(&selection, "root"));
	ck_assert(selection.has_user);
	ck_assert_uint_eq(selection.user, 0);
	ck_assert_ptr_null(selection_set_user(&selection, "12345"));
	ck_assert_uint_eq(selection.user, 12345);
	ck_assert_ptr_nonnull(selection_set_user(&selection, "12345x"));
	ck_assert_ptr_nonnull(selection_set_user(&selection, ""));
	ck_assert_ptr_nonnull(selection_set_user(&selection, "4294967295"));
	ck_assert_ptr_nonnull(selection_set_user(&selection, "no such user"));
}
END_TEST

START_TEST(control_groups)
{
	const char *text = "9:name=systemd:/\n1:cpu:/a/b\n0::/a/b/c\n";
	char *cut = malloc(CGROUP_MAX);
	const char *why;

	ck_assert(cgroup_is_within(text, "/a/b/c"));
	ck_assert(cgroup_is_within(text, "/a/b") && cgroup_is_within(text, "/a"));
	ck_assert(cgroup_is_within(text, "")); /* the root: all are below it */
	ck_assert(!cgroup_is_within(text, "/a/b/c/d"));
	ck_assert(!cgroup_is_within(text, "/a/b/") && !cgroup_is_within(text, "/a/bc"));
	ck_assert(!cgroup_is_within(text, "/a/b/c\n") && !cgroup_is_within(text, "/b"));
	ck_assert(cgroup_is_within("0::/\n", "") && !cgroup_is_within("0::/\n", "/a"));
	ck_assert(cgroup_is_within("0::/a (deleted)\n", ""));
	ck_assert(!cgroup_is_within("0::/a (deleted)\n", "/a"));
	ck_assert(!cgroup_is_within("", "") && !cgroup_is_within("1:cpu:/a\n", "/a"));
	ck_assert(!cgroup_is_within("10::/a\n", "/a"));
	/* Its end has not been read. */
	memset(cut, 'x', CGROUP_MAX);
	memcpy(cut, "0::/a/", 6);
	cut[CGROUP_MAX - 1] = 0;
	ck_assert(!cgroup_is_within(cut, "/a"));

	ck_assert_ptr_null(cgroup_find("/no/such/group", &why));
	ck_assert_ptr_nonnull(why);
	cut[0] = '/';
	ck_assert_ptr_null(cgroup_find(cut, &why));
	free(cut);
}
END_TEST

/* On a machine that has them. */
START_TEST(paths_of_control_groups)
{
	static const struct {
		const char *text, *name;
	} paths[] = {
		{"/", ""},     {"", ""},
		{"///", ""},   {"/sys/fs/cgroup", "/sys/fs/cgroup"},
		{"/..", NULL}, {"/../", NULL},
		{"/./", NULL}, {"..", NULL},
		{"a\n", NULL}, {"/sys/fs/cgroupx", NULL},
	};
	const char *why;
	char *root = cgroup_find("/", &why);

	if (!root)
		return;
	free(root);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char *name = cgroup_find(paths[i].text, &why);

		if (i == 3) /* the mount itself where there is nothing but version 2 */
			ck_assert(!name || !*name);
		else if (paths[i].name)
			ck_assert_str_eq(name, paths[i].name);
		else
			ck_assert_msg(!name, "%s", paths[i].text);
		free(name);
	}
}
END_TEST

/* ---- processes */

START_TEST(table_forgets_who_has_ended)
{
	struct table table = {NULL, 0, 0};
	pid_t pids[3];

	for (int i = 0; i < 3; i++)
		pids[i] = idle_process_start();
	for (int i = 2; i >= 0; i--)
		ck_assert_int_eq(table_add(&table, pids[i])->pid, pids[i]);
	ck_assert_ptr_eq(table_add(&table, pids[0]), table_find(&table, pids[0]));
	ck_assert_uint_eq(table.count, 3);
	for (size_t i = 1; i < table.count; i++)
		ck_assert_int_lt(table.list[i - 1].pid, table.list[i].pid);
	ck_assert_uint_eq(table_after(&table, 0), 0);
	ck_assert_uint_eq(table_after(&table, table.list[0].pid), 1);
	ck_assert_uint_eq(table_after(&table, table.list[2].pid - 1), 2);
	ck_assert_uint_eq(table_after(&table, table.list[2].pid), 3);
	table_forget_ended(&table);
	ck_assert_uint_eq(table.count, 3);
	idle_process_end(pids[1]);
	ck_assert_ptr_null(table_add(&table, INT32_MAX));
	table_forget_ended(&table);
	ck_assert_uint_eq(table.count, 2);
	ck_assert_ptr_null(table_find(&table, pids[1]));
	ck_assert_ptr_null(table_add(&table, pids[1]));
	idle_process_end(pids[0]);
	idle_process_end(pids[2]);
	table_free(&table);
}
END_TEST

START_TEST(what_proc_says)
{
	struct program_id own, childs;
	char command[16];
	pid_t parent, child;
	uid_t user;

	ck_assert_ptr_null(proc_open());
	child = idle_process_start();
	ck_assert(proc_status(child, &parent, &user));
	ck_assert_int_eq(parent, getpid());
	ck_assert_uint_eq(user, getuid());
	ck_assert(proc_program(getpid(), &own) && proc_program(child, &childs));
	ck_assert(own.dev == childs.dev && own.ino == childs.ino);
	ck_assert(proc_command(child, command, sizeof(command)));
	ck_assert(proc_exists(child));
	idle_process_end(child);
	ck_assert(!proc_exists(child) && !proc_program(child, &childs));
	ck_assert(!proc_status(child, &parent, &user));
	ck_assert(!proc_command(child, command, sizeof(command)));
}
END_TEST

/* How much there is changes with each library, and with nothing else. */
START_TEST(code_that_is_mapped)
{
	unsigned int first, second;
	size_t size = 1 << 20;
	void *memory, *code;

	ck_assert_ptr_null(proc_open());
	ck_assert(proc_code(getpid(), &first));
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	ck_assert(proc_code(getpid(), &second));
	ck_assert_uint_eq(first, second);
	code = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	ck_assert_ptr_ne(code, MAP_FAILED);
	ck_assert(proc_code(getpid(), &second));
	ck_assert_uint_eq(second, first + 1024);
	munmap(memory, size);
	munmap(code, size);
}
END_TEST

/* More than there is room for: others are forgotten, what is asked for is there. */
START_TEST(programs_without_an_end)
{
	struct programs *programs = programs_new();

	for (ino_t i = 1; i < 20000; i++) {
		struct program_id id = {1, i};
		struct program *program = programs_get(programs, id);

		ck_assert(!program->has_layout);
		program->has_layout = true;
		ck_assert(programs_get(programs, id)->has_layout);
	}
	programs_free(programs);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("announce");

	tcase_add_test(tcase, program_and_libpython);
	tcase_add_test(tcase, only_interpreters_are_named);
	tcase_add_test(tcase, library_of_pyusdt);
	tcase_add_test(tcase, lines_that_are_none);
	tcase_add_test(tcase, json);
	tcase_add_test(tcase, rates);
	tcase_add_test(tcase, process_ids);
	tcase_add_test(tcase, users);
	tcase_add_test(tcase, control_groups);
	tcase_add_test(tcase, paths_of_control_groups);
	tcase_add_test(tcase, table_forgets_who_has_ended);
	tcase_add_test(tcase, what_proc_says);
	tcase_add_test(tcase, code_that_is_mapped);
	tcase_add_test(tcase, programs_without_an_end);
	return support_main("announce", tcase);
}
