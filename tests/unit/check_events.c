// SPDX-License-Identifier: BSD-2-Clause
/* The table of events. The numbers here are ABI: they are never changed to suit. */
#include <ctype.h>
#include <string.h>

#include "events.h"
#include "support.h"

static const struct {
	const char *name;
	uint64_t macro;
	uint64_t abi;
	enum event event;
	monitor_set monitors;
} expected[] = {
	{"PY_START", PYUSDT_PY_START, 0x1, EVENT_PY_START, MONITOR(PY_START)},
	{"PY_RESUME", PYUSDT_PY_RESUME, 0x2, EVENT_PY_RESUME, MONITOR(PY_RESUME)},
	{"PY_RETURN", PYUSDT_PY_RETURN, 0x4, EVENT_PY_RETURN, MONITOR(PY_RETURN)},
	{"PY_YIELD", PYUSDT_PY_YIELD, 0x8, EVENT_PY_YIELD, MONITOR(PY_YIELD)},
	{"CALL", PYUSDT_CALL, 0x10, EVENT_CALL, MONITOR(CALL)},
	{"LINE", PYUSDT_LINE, 0x20, EVENT_LINE, MONITOR(LINE)},
	{"LAYOUT", PYUSDT_LAYOUT, 0x10000000000, EVENT_LAYOUT, 0},
};

#define EVERYTHING UINT64_C(0x1000000003f)

START_TEST(every_event_is_expected_here)
{
	ck_assert_uint_eq(EVENT_COUNT, ARRAY_SIZE(expected));
	ck_assert_uint_eq(events_all, EVERYTHING);
}
END_TEST

START_TEST(bits_are_abi)
{
	ck_assert_uint_eq(expected[_i].macro, expected[_i].abi);
	ck_assert_uint_eq(event_bit(expected[_i].event), expected[_i].abi);
}
END_TEST

START_TEST(names_both_ways)
{
	ck_assert_str_eq(event_name(expected[_i].event), expected[_i].name);
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

START_TEST(unknown_bits)
{
	ck_assert_ptr_null(pyusdt_event_name(0));
	ck_assert_ptr_null(pyusdt_event_name(0x3));
	ck_assert_ptr_null(pyusdt_event_name(0x3f));
	ck_assert_ptr_null(pyusdt_event_name(UINT64_MAX));
	for (int bit = 0; bit < 64; bit++) {
		if (EVERYTHING & UINT64_C(1) << bit)
			continue;
		ck_assert_ptr_null(pyusdt_event_name(UINT64_C(1) << bit));
		ck_assert_uint_eq(events_required(UINT64_C(1) << bit), 0);
	}
}
END_TEST

static monitor_set required_by(uint64_t mask)
{
	monitor_set required = 0;

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		if (mask & expected[i].abi)
			required |= expected[i].monitors;
	return required;
}

START_TEST(required_sets)
{
	for (uint64_t i = 0; i < 0x80; i++) {
		uint64_t mask = (i & 0x3f) | (i & 0x40 ? PYUSDT_LAYOUT : 0);

		ck_assert_uint_eq(events_required(mask), required_by(mask));
		ck_assert_uint_eq(events_required(mask | UINT64_C(1) << 63),
				  required_by(mask));
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
	tcase_add_test(tcase, required_sets);
	return support_main("events", tcase);
}
