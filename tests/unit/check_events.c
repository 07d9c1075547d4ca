// SPDX-License-Identifier: BSD-2-Clause
/* The table of events. The numbers here are ABI: they are never changed to suit. */
#include <ctype.h>
#include <string.h>

#include "events/events.h"
#include "support.h"

#define ROW(name, abi, ...) \
	[EVENT_##name] = {#name, PYUSDT_##name, UINT64_C(abi), {.in = {__VA_ARGS__}}}

static const struct {
	const char *name;
	uint64_t macro;
	uint64_t abi;
	struct monitor_sets monitors;
} expected[] = {
	ROW(PY_START, 0x1, IN(ALL, MONITOR(PY_START))),
	ROW(PY_RESUME, 0x2, IN(ALL, MONITOR(PY_RESUME))),
	ROW(PY_RETURN, 0x4, IN(ALL, MONITOR(PY_RETURN))),
	ROW(PY_YIELD, 0x8, IN(ALL, MONITOR(PY_YIELD))),
	ROW(CALL, 0x10, IN(ALL, MONITOR(CALL))),
	ROW(LINE, 0x20, IN(ALL, MONITOR(LINE))),
	ROW(PY_UNWIND, 0x40, IN(ALL, MONITOR(PY_UNWIND))),
	ROW(PY_THROW, 0x80, IN(ALL, MONITOR(PY_THROW))),
	ROW(RAISE, 0x100, IN(ALL, MONITOR(RAISE))),
	ROW(RERAISE, 0x200, IN(ALL, MONITOR(RERAISE))),
	ROW(EXCEPTION_HANDLED, 0x400, IN(ALL, MONITOR(EXCEPTION_HANDLED))),
	ROW(STOP_ITERATION, 0x800, IN(ALL, MONITOR(STOP_ITERATION))),
	ROW(C_RETURN, 0x1000, IN(ALL, MONITOR(C_RETURN))),
	ROW(C_RAISE, 0x2000, IN(ALL, MONITOR(C_RAISE))),
	ROW(JUMP, 0x4000, IN(ALL, MONITOR(JUMP))),
	ROW(BRANCH, 0x8000,
	    IN(ALL, MONITOR(BRANCH) | MONITOR(BRANCH_LEFT) | MONITOR(BRANCH_RIGHT))),
	ROW(BRANCH_LEFT, 0x10000, IN(ALL, MONITOR(BRANCH_LEFT))),
	ROW(BRANCH_RIGHT, 0x20000, IN(ALL, MONITOR(BRANCH_RIGHT))),
	ROW(INSTRUCTION, 0x40000, IN(ALL, MONITOR(INSTRUCTION))),
	ROW(GC_START, 0x100000000),
	ROW(GC_DONE, 0x200000000),
	ROW(IMPORT_START, 0x400000000, IN(IMPORT, MONITOR(PY_START))),
	ROW(IMPORT_DONE, 0x800000000,
	    IN(IMPORT, MONITOR(PY_RETURN) | MONITOR(PY_UNWIND))),
	ROW(THREAD_START, 0x1000000000, IN(THREAD, MONITOR(PY_START)),
	    IN(IMPORT, MONITOR(PY_RETURN))),
	ROW(THREAD_EXIT, 0x2000000000,
	    IN(THREAD, MONITOR(PY_RETURN) | MONITOR(PY_UNWIND)),
	    IN(IMPORT, MONITOR(PY_RETURN))),
	ROW(LAYOUT, 0x10000000000),
	ROW(CODE, 0x20000000000),
	ROW(PROCESS, 0x40000000000),
	ROW(PROFILE, 0x80000000000,
	    IN(ALL, MONITOR(PY_START) | MONITOR(PY_RESUME) | MONITOR(PY_THROW) |
			    MONITOR(PY_RETURN) | MONITOR(PY_YIELD) | MONITOR(PY_UNWIND))),
	ROW(PROFILE_TABLE, 0x100000000000),
	ROW(PROFILE_BUCKET, 0x200000000000),
	ROW(PYTHON_FUNCTION_ENTRY, 0x1000000000000,
	    IN(ALL, MONITOR(PY_START) | MONITOR(PY_RESUME) | MONITOR(PY_THROW))),
	ROW(PYTHON_FUNCTION_RETURN, 0x2000000000000,
	    IN(ALL, MONITOR(PY_RETURN) | MONITOR(PY_YIELD) | MONITOR(PY_UNWIND))),
	ROW(PYTHON_LINE, 0x4000000000000, IN(ALL, MONITOR(LINE))),
	ROW(PYTHON_GC_START, 0x8000000000000),
	ROW(PYTHON_GC_DONE, 0x10000000000000),
	ROW(PYTHON_IMPORT_START, 0x20000000000000, IN(IMPORT, MONITOR(PY_START))),
	ROW(PYTHON_IMPORT_DONE, 0x40000000000000,
	    IN(IMPORT, MONITOR(PY_RETURN) | MONITOR(PY_UNWIND))),
};

#define EVERYTHING UINT64_C(0x7f3f3f0007ffff)

START_TEST(every_event_is_expected_here)
{
	ck_assert_uint_eq(EVENT_COUNT, ARRAY_SIZE(expected));
	ck_assert_uint_eq(events_all, EVERYTHING);
	/* No bit is used twice. */
	ck_assert_int_eq(__builtin_popcountll(EVERYTHING), EVENT_COUNT);
}
END_TEST

START_TEST(bits_are_abi)
{
	ck_assert_uint_eq(expected[_i].macro, expected[_i].abi);
	ck_assert_uint_eq(event_bit(_i), expected[_i].abi);
}
END_TEST

START_TEST(names_both_ways)
{
	ck_assert_str_eq(event_name(_i), expected[_i].name);
	ck_assert_str_eq(pyusdt_event_name(expected[_i].abi), expected[_i].name);
	ck_assert_uint_eq(pyusdt_event_bit(expected[_i].name), expected[_i].abi);
}
END_TEST

START_TEST(case_does_not_matter)
{
	char lower[32], mixed[32];
	size_t size = strlen(expected[_i].name) + 1;

	for (size_t i = 0; i < size; i++) {
		lower[i] = (char)tolower(expected[_i].name[i]);
		mixed[i] = i % 2 ? lower[i] : expected[_i].name[i];
	}
	ck_assert_uint_eq(pyusdt_event_bit(lower), expected[_i].abi);
	ck_assert_uint_eq(pyusdt_event_bit(mixed), expected[_i].abi);
}
END_TEST

START_TEST(unknown_names)
{
	static const char *const names[] = {
		"",          "PY",     "PY_STAR", "PY_STARTS",   " PY_START",
		"PY_START ", "LINE\n", "0",       "PYUSDT_LINE",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ck_assert_msg(pyusdt_event_bit(names[i]) == 0, "%s", names[i]);
	ck_assert_uint_eq(pyusdt_event_bit(NULL), 0);
}
END_TEST

static void check_required(uint64_t mask)
{
	struct monitor_sets want = {0}, got = events_required(mask);
	monitor_set all = 0;

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		if (mask & expected[i].abi)
			for (int scope = 0; scope < SCOPE_COUNT; scope++)
				want.in[scope] |= expected[i].monitors.in[scope];
	for (int scope = 0; scope < SCOPE_COUNT; scope++) {
		ck_assert_uint_eq(got.in[scope], want.in[scope]);
		all |= want.in[scope];
	}
	ck_assert_uint_eq(monitor_sets_union(&got), all);
}

START_TEST(unknown_bits)
{
	ck_assert_ptr_null(pyusdt_event_name(0));
	ck_assert_ptr_null(pyusdt_event_name(0x3));
	ck_assert_ptr_null(pyusdt_event_name(EVERYTHING));
	ck_assert_ptr_null(pyusdt_event_name(UINT64_MAX));
	for (int bit = 0; bit < 64; bit++) {
		if (EVERYTHING & UINT64_C(1) << bit)
			continue;
		ck_assert_ptr_null(pyusdt_event_name(UINT64_C(1) << bit));
		check_required(UINT64_C(1) << bit);
	}
}
END_TEST

/* Each by itself, with each other, and with what is no event. */
START_TEST(required_sets)
{
	check_required(0);
	check_required(EVERYTHING);
	check_required(UINT64_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		check_required(expected[_i].abi | expected[i].abi);
		check_required(expected[_i].abi | expected[i].abi | UINT64_C(1) << 63);
		check_required(EVERYTHING & ~expected[_i].abi & ~expected[i].abi);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("events");

	tcase_add_test(tcase, every_event_is_expected_here);
	tcase_add_loop_test(tcase, bits_are_abi, 0, ARRAY_SIZE(expected));
	tcase_add_loop_test(tcase, names_both_ways, 0, ARRAY_SIZE(expected));
	tcase_add_loop_test(tcase, case_does_not_matter, 0, ARRAY_SIZE(expected));
	tcase_add_test(tcase, unknown_names);
	tcase_add_test(tcase, unknown_bits);
	tcase_add_loop_test(tcase, required_sets, 0, ARRAY_SIZE(expected));
	return support_main("events", tcase);
}
