// SPDX-License-Identifier: BSD-2-Clause
/* The table of objects by itself: what is in it is found, and how large it gets. */
#include <string.h>

#include "base/objtable.h"
#include "support.h"

#define COUNT  10000
#define ROUNDS 10

/* Their addresses are keys like those of Python's objects. */
static struct object {
	int forgotten;
} __attribute__((aligned(16))) objects[ROUNDS * COUNT];

static struct objtable table;

static void forget(void *value)
{
	((struct object *)value)->forgotten++;
}

static void setup(void)
{
	memset(objects, 0, sizeof(objects));
	objtable_init(&table);
}

static void teardown(void)
{
	objtable_clear(&table, forget);
}

static void add_all(void)
{
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_ptr_eq(objtable_add(&table, &objects[i], &objects[i]),
				 &objects[i]);
}

static void remove_each(size_t step)
{
	for (size_t i = 0; i < COUNT; i += step)
		objtable_remove(&table, &objects[i]);
}

START_TEST(an_empty_one)
{
	ck_assert_ptr_null(objtable_find(&table, &objects[0]));
	objtable_remove(&table, &objects[0]);
	ck_assert_uint_eq(table.count, 0);
	objtable_clear(&table, forget);
	ck_assert_ptr_null(objtable_find(&table, &objects[0]));
	ck_assert_int_eq(objects[0].forgotten, 0);
}
END_TEST

START_TEST(what_is_in_it_is_found)
{
	add_all();
	ck_assert_uint_eq(table.count, COUNT);
	remove_each(2);
	ck_assert_uint_eq(table.count, COUNT / 2);
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_ptr_eq(objtable_find(&table, &objects[i]),
				 i % 2 ? &objects[i] : NULL);
	/* Once more, and one that was not there. */
	remove_each(2);
	ck_assert_uint_eq(table.count, COUNT / 2);
	remove_each(1);
	ck_assert_uint_eq(table.count, 0);
}
END_TEST

START_TEST(the_first_value_stays)
{
	ck_assert_ptr_eq(objtable_add(&table, &objects[0], &objects[1]), &objects[1]);
	ck_assert_ptr_eq(objtable_add(&table, &objects[0], &objects[2]), &objects[1]);
	ck_assert_ptr_eq(objtable_find(&table, &objects[0]), &objects[1]);
	ck_assert_uint_eq(table.count, 1);
}
END_TEST

/* A look-up ends soon at a slot that is free; and memory is what it costs. */
START_TEST(a_third_full_at_most)
{
	for (size_t i = 0; i < COUNT; i++) {
		ck_assert_ptr_nonnull(objtable_add(&table, &objects[i], &objects[i]));
		ck_assert_uint_le((table.slots->used - 1) * 3, table.slots->mask + 1);
	}
	ck_assert_uint_le(table.slots->mask + 1, 32768);
}
END_TEST

/* A program that makes objects for ever, as many as it frees, does not grow. */
START_TEST(what_was_deleted_makes_room)
{
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		ck_assert_ptr_nonnull(objtable_add(&table, &objects[i], &objects[i]));
		if (i >= COUNT)
			objtable_remove(&table, &objects[i - COUNT]);
	}
	ck_assert_uint_eq(table.count, COUNT);
	/* Made anew with what was deleted left out, a quarter full at most. */
	ck_assert_uint_le(table.slots->mask + 1, 65536);
}
END_TEST

/* With context: how many it may visit. */
static int visit(void *value, void *context)
{
	int *left = context;

	((struct object *)value)->forgotten++;
	return --*left ? 0 : -1;
}

START_TEST(each_is_visited_once)
{
	int left = COUNT;

	ck_assert_int_eq(objtable_walk(&table, visit, &left), 0);
	ck_assert_int_eq(left, COUNT);
	add_all();
	remove_each(2);
	ck_assert_int_eq(objtable_walk(&table, visit, &left), 0);
	ck_assert_int_eq(left, COUNT / 2);
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_int_eq(objects[i].forgotten, i % 2);
	left = 3;
	ck_assert_int_eq(objtable_walk(&table, visit, &left), -1);
	ck_assert_int_eq(left, 0);
}
END_TEST

START_TEST(cleared_and_used_again)
{
	add_all();
	remove_each(2);
	objtable_clear(&table, forget);
	ck_assert_uint_eq(table.count, 0);
	for (size_t i = 0; i < COUNT; i++) {
		ck_assert_int_eq(objects[i].forgotten, i % 2);
		ck_assert_ptr_null(objtable_find(&table, &objects[i]));
	}
	add_all();
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_ptr_eq(objtable_find(&table, &objects[i]), &objects[i]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("objtable");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_empty_one);
	tcase_add_test(tcase, what_is_in_it_is_found);
	tcase_add_test(tcase, the_first_value_stays);
	tcase_add_test(tcase, a_third_full_at_most);
	tcase_add_test(tcase, what_was_deleted_makes_room);
	tcase_add_test(tcase, each_is_visited_once);
	tcase_add_test(tcase, cleared_and_used_again);
	return support_main("objtable", tcase);
}
