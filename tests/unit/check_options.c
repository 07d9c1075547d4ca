// SPDX-License-Identifier: BSD-2-Clause
/* The options: ranges, sizes and the environment. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "control/options.h"
#include "support.h"
#include "value/value_options.h"

/* Returns: what options_check() says of the defaults with one field changed. */
#define check_with(field, number)                                    \
	({                                                           \
		struct pyusdt_options options = PYUSDT_OPTIONS_INIT; \
		options.field = (number);                            \
		options_check(&options);                             \
	})

START_TEST(defaults)
{
	const struct pyusdt_options init = PYUSDT_OPTIONS_INIT;
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	ck_assert_int_eq(options_check(&init), 0);
	ck_assert_int_eq(pyusdt_options_get(&options), 0);
	ck_assert_uint_eq(options.size, sizeof(options));
	ck_assert_uint_eq(options.poll_msec, 100);
	ck_assert_int_eq(options.values, PYUSDT_VALUES_SAFE);
	ck_assert_uint_eq(options.value_max, 256);
	ck_assert_int_eq(options.tool_id, -1);
	ck_assert_uint_eq(value_options_size(), 256);
}
END_TEST

START_TEST(abi)
{
	ck_assert_int_eq(PYUSDT_VALUES_NONE, 0);
	ck_assert_int_eq(PYUSDT_VALUES_SAFE, 1);
	ck_assert_uint_eq(offsetof(struct pyusdt_options, size), 0);
	ck_assert_uint_eq(offsetof(struct pyusdt_options, poll_msec), sizeof(size_t));
	ck_assert_uint_eq(offsetof(struct pyusdt_options, values), sizeof(size_t) + 4);
	ck_assert_uint_eq(offsetof(struct pyusdt_options, value_max), sizeof(size_t) + 8);
	ck_assert_uint_eq(offsetof(struct pyusdt_options, tool_id), sizeof(size_t) + 12);
}
END_TEST

START_TEST(ranges)
{
	ck_assert_int_eq(options_check(NULL), -EINVAL);
	ck_assert_int_eq(check_with(size, 0), -EINVAL);
	ck_assert_int_eq(check_with(size, sizeof(struct pyusdt_options) - 1), -EINVAL);
	ck_assert_int_eq(check_with(size, sizeof(struct pyusdt_options) + 8), -EINVAL);
	ck_assert_int_eq(check_with(poll_msec, 0), 0);
	ck_assert_int_eq(check_with(poll_msec, 1), 0);
	ck_assert_int_eq(check_with(poll_msec, 60000), 0);
	ck_assert_int_eq(check_with(poll_msec, 60001), -EINVAL);
	ck_assert_int_eq(check_with(poll_msec, UINT_MAX), -EINVAL);
	ck_assert_int_eq(check_with(values, PYUSDT_VALUES_NONE), 0);
	ck_assert_int_eq(check_with(values, PYUSDT_VALUES_SAFE), 0);
	ck_assert_int_eq(check_with(values, -1), -EINVAL);
	ck_assert_int_eq(check_with(values, 2), 0);
	ck_assert_int_eq(check_with(values, 3), -EINVAL);
	ck_assert_int_eq(check_with(value_max, 15), -EINVAL);
	ck_assert_int_eq(check_with(value_max, 16), 0);
	ck_assert_int_eq(check_with(value_max, 4096), 0);
	ck_assert_int_eq(check_with(value_max, 4097), -EINVAL);
	ck_assert_int_eq(check_with(tool_id, -2), -EINVAL);
	for (int id = -1; id <= 5; id++)
		ck_assert_int_eq(check_with(tool_id, id), 0);
	ck_assert_int_eq(check_with(tool_id, 6), -EINVAL);
	ck_assert_int_eq(check_with(tool_id, INT_MIN), -EINVAL);
}
END_TEST

START_TEST(set_and_get)
{
	const struct pyusdt_options set = {
		sizeof(set), 7, PYUSDT_VALUES_SAFE, 16, 2, "", "",
	};
	struct pyusdt_options got = options_get();

	options_set(&set);
	got = options_get();
	ck_assert_uint_eq(got.size, set.size);
	ck_assert_uint_eq(got.poll_msec, set.poll_msec);
	ck_assert_int_eq(got.values, set.values);
	ck_assert_uint_eq(got.value_max, set.value_max);
	ck_assert_int_eq(got.tool_id, set.tool_id);
	/* The filters are set by filters_set(). */
	ck_assert_str_eq(got.include, "");
	ck_assert_str_eq(got.exclude, "");
	ck_assert_uint_eq(value_options_size(), 16);
}
END_TEST

START_TEST(values_none_has_no_size)
{
	struct pyusdt_options set = PYUSDT_OPTIONS_INIT;

	set.values = PYUSDT_VALUES_NONE;
	options_set(&set);
	ck_assert_uint_eq(value_options_size(), 0);
	set.values = PYUSDT_VALUES_SAFE;
	options_set(&set);
	ck_assert_uint_eq(value_options_size(), 256);
}
END_TEST

START_TEST(get_needs_a_known_size)
{
	struct pyusdt_options options = {.size = 3, .poll_msec = 1234};

	ck_assert_int_eq(pyusdt_options_get(NULL), -EINVAL);
	ck_assert_int_eq(pyusdt_options_get(&options), -EINVAL);
	ck_assert_uint_eq(options.poll_msec, 1234);
}
END_TEST

static const struct {
	const char *text;
	unsigned int poll_msec;
} environment[] = {
	{"1", 1},
	{"0", 0},
	{"60000", 60000},
	{"0025", 25},
	{"60001", 100},
	{"", 100},
	{"abc", 100},
	{"10ms", 100},
	{"-5", 100},
	{"+5", 100},
	{" 5", 100},
	{"5 ", 100},
	{"1e3", 100},
	{"0x10", 100},
	{"4294967297", 100},
	{"99999999999999999999999999", 100},
};

START_TEST(from_the_environment)
{
	setenv("PYUSDT_CHECK_MSEC", environment[_i].text, 1);
	ck_assert_msg(options_get().poll_msec == environment[_i].poll_msec, "\"%s\": %u",
		      environment[_i].text, options_get().poll_msec);
}
END_TEST

START_TEST(the_environment_is_read_once)
{
	struct pyusdt_options options = PYUSDT_OPTIONS_INIT;

	setenv("PYUSDT_CHECK_MSEC", "50", 1);
	options.poll_msec = 20;
	options_set(&options);
	ck_assert_uint_eq(options_get().poll_msec, 20);
	setenv("PYUSDT_CHECK_MSEC", "70", 1);
	ck_assert_uint_eq(options_get().poll_msec, 20);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("options");

	tcase_add_test(tcase, defaults);
	tcase_add_test(tcase, abi);
	tcase_add_test(tcase, ranges);
	tcase_add_test(tcase, set_and_get);
	tcase_add_test(tcase, values_none_has_no_size);
	tcase_add_test(tcase, get_needs_a_known_size);
	tcase_add_loop_test(tcase, from_the_environment, 0, ARRAY_SIZE(environment));
	tcase_add_test(tcase, the_environment_is_read_once);
	return support_main("options", tcase);
}
