// SPDX-License-Identifier: BSD-2-Clause
/* The bounded string builder. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "support.h"

#define GUARD 0x5a

/* One to four bytes a character, in changing order. */
static const char mixed[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d-\xf0\x9f\x90\x8d"
			    "\xe2\x82\xac\xc3\xa9z";

/* The largest number of whole characters' bytes of @string that is <= @length. */
static size_t whole(const char *string, size_t length)
{
	size_t total = strlen(string);

	if (length >= total)
		return total;
	while (((unsigned char)string[length] & 0xc0) == 0x80)
		length--;
	return length;
}

/* Build into @size bytes; the bytes after them must not be touched. */
static const char *build(char *buffer, size_t size, const char *const *parts)
{
	struct text text = TEXT_INIT(buffer, size);
	const char *result;

	memset(buffer, GUARD, size + 8);
	for (; *parts; parts++)
		text_add_string(&text, *parts);
	result = text_finish(&text);
	ck_assert_ptr_eq(result, buffer);
	ck_assert_uint_lt(strlen(result), size);
	ck_assert_uint_eq(text.length, strlen(result));
	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(buffer[size + i], GUARD);
	return result;
}

static void check_cut(const char *result, size_t size, const char *string)
{
	char wanted[128];

	if (strlen(string) < size)
		strcpy(wanted, string);
	else
		snprintf(wanted, sizeof(wanted), "%.*s...", (int)whole(string, size - 4),
			 string);
	ck_assert_str_eq(result, wanted);
}

START_TEST(cut_at_every_length)
{
	char buffer[128];

	for (size_t size = 4; size <= sizeof(mixed) + 4; size++)
		check_cut(build(buffer, size, (const char *const[]){mixed, NULL}), size,
			  mixed);
}
END_TEST

/* Added in two parts, divided between any two characters. */
START_TEST(cut_does_not_depend_on_the_parts)
{
	char buffer[128], first[64];

	for (size_t at = 0; at < sizeof(mixed); at++) {
		if (whole(mixed, at) != at)
			continue;
		memcpy(first, mixed, at);
		first[at] = '\0';
		for (size_t size = 4; size <= sizeof(mixed) + 4; size++)
			check_cut(build(buffer, size,
					(const char *const[]){first, mixed + at, NULL}),
				  size, mixed);
	}
}
END_TEST

START_TEST(exact_fit_is_not_cut)
{
	char buffer[32];

	ck_assert_str_eq(build(buffer, 8, (const char *const[]){"1234567", NULL}),
			 "1234567");
	ck_assert_str_eq(build(buffer, 8, (const char *const[]){"1234", "567", "", NULL}),
			 "1234567");
	ck_assert_str_eq(build(buffer, 8, (const char *const[]){"12345678", NULL}),
			 "1234...");
	ck_assert_str_eq(build(buffer, 8, (const char *const[]){"1234567", "8", NULL}),
			 "1234...");
}
END_TEST

START_TEST(nothing_is_added_after_a_cut)
{
	char buffer[32];

	/* What no longer fits leaves room that the next part must not fill. */
	ck_assert_str_eq(
		build(buffer, 8,
		      (const char *const[]){"12345", "\xf0\x9f\x90\x8d", "6", NULL}),
		"1234...");
	ck_assert_str_eq(build(buffer, 8, (const char *const[]){"a long one", "b", NULL}),
			 "a lo...");
}
END_TEST

START_TEST(tiny_buffers)
{
	char buffer[32];

	ck_assert_str_eq(build(buffer, 4, (const char *const[]){"", NULL}), "");
	ck_assert_str_eq(build(buffer, 4, (const char *const[]){"abc", NULL}), "abc");
	ck_assert_str_eq(build(buffer, 4, (const char *const[]){"abcd", NULL}), "...");
	ck_assert_str_eq(
		build(buffer, 4, (const char *const[]){"\xf0\x9f\x90\x8d", NULL}), "...");
	ck_assert_str_eq(build(buffer, 5, (const char *const[]){"abcde", NULL}), "a...");
	ck_assert_str_eq(build(buffer, 5, (const char *const[]){"\xc3\xa9zzz", NULL}),
			 "...");
	ck_assert_str_eq(build(buffer, 6, (const char *const[]){"\xc3\xa9zzzz", NULL}),
			 "\xc3\xa9...");
}
END_TEST

START_TEST(nothing_added)
{
	char buffer[32];

	ck_assert_str_eq(build(buffer, 16, (const char *const[]){NULL}), "");
}
END_TEST

START_TEST(add_takes_a_size)
{
	char buffer[8];
	struct text text = TEXT_INIT(buffer, sizeof(buffer));

	text_add(&text, "abcdef", 2);
	text_add(&text, "", 0);
	ck_assert_str_eq(text_finish(&text), "ab");
}
END_TEST

START_TEST(room)
{
	char buffer[8];
	struct text text = TEXT_INIT(buffer, sizeof(buffer));

	ck_assert_uint_eq(text_room(&text), 7);
	text_add_string(&text, "abc");
	ck_assert_uint_eq(text_room(&text), 4);
	text_add_string(&text, "defg");
	ck_assert_uint_eq(text_room(&text), 0);
	ck_assert(!text.cut);
	text_add_string(&text, "h");
	ck_assert(text.cut);
	ck_assert_uint_eq(text_room(&text), 0);
}
END_TEST

START_TEST(cut_on_demand)
{
	char buffer[16];
	struct text text = TEXT_INIT(buffer, sizeof(buffer));

	text_add_string(&text, "abc");
	text_cut(&text);
	ck_assert_uint_eq(text_room(&text), 0);
	text_add_string(&text, "def");
	ck_assert_str_eq(text_finish(&text), "abc...");
}
END_TEST

START_TEST(printf_is_bounded_too)
{
	char buffer[16];
	struct text text = TEXT_INIT(buffer, sizeof(buffer));

	text_printf(&text, "%d|%s", -12, "x");
	ck_assert_str_eq(text_finish(&text), "-12|x");
	text_printf(&text, "%080d", 7);
	ck_assert_str_eq(text_finish(&text), "-12|x0000000...");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("text");

	tcase_add_test(tcase, cut_at_every_length);
	tcase_add_test(tcase, cut_does_not_depend_on_the_parts);
	tcase_add_test(tcase, exact_fit_is_not_cut);
	tcase_add_test(tcase, nothing_is_added_after_a_cut);
	tcase_add_test(tcase, tiny_buffers);
	tcase_add_test(tcase, nothing_added);
	tcase_add_test(tcase, add_takes_a_size);
	tcase_add_test(tcase, room);
	tcase_add_test(tcase, cut_on_demand);
	tcase_add_test(tcase, printf_is_bounded_too);
	return support_main("text", tcase);
}
