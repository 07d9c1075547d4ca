// SPDX-License-Identifier: BSD-2-Clause
/* The list that is walked while others add to it and take from it. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "code/codelist.h"
#include "support.h"

/* A walk lets go of the lock after every 64. */
#define COUNT 200
#define PAUSE 64

struct element {
	struct codelink link; /* first: what a visit gets */
	unsigned int visits;
	bool listed;
};

static struct element elements[COUNT];
static unsigned int visited[4 * COUNT]; /* indices, in their order */
static size_t visit_count;

static bool astray;

/* No assertions here: those of libcheck unlock a mutex. */
static void visit(struct codelink *link)
{
	struct element *element = (struct element *)link;

	astray |= !element->listed || visit_count == ARRAY_SIZE(visited);
	if (astray)
		return;
	element->visits++;
	visited[visit_count++] = (unsigned int)(element - elements);
}

static void add(size_t index)
{
	elements[index].listed = true;
	codelist_add(&elements[index].link);
}

static void take(size_t index)
{
	codelist_remove(&elements[index].link);
	elements[index].listed = false;
}

static void forget_visits(void)
{
	visit_count = 0;
	for (size_t i = 0; i < COUNT; i++)
		elements[i].visits = 0;
}

static void add_all(void)
{
	for (size_t i = 0; i < COUNT; i++)
		add(i);
}

static void take_all(void)
{
	for (size_t i = 0; i < COUNT; i++)
		if (elements[i].listed)
			take(i);
}

/* What to do, in another thread, when a walk has let go of the lock @pause times. */
static void (*action)(void *argument);
static unsigned int pauses_left;

static void *act(void *argument)
{
	action(argument);
	return argument;
}

static size_t argument_of_action;

/* All but the mutex of a walk is of no interest. */
static _Thread_local bool walking;

int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	int error = __real_pthread_mutex_unlock(mutex);
	pthread_t thread;

	if (!walking || !pauses_left || --pauses_left)
		return error;
	ck_assert_int_eq(pthread_create(&thread, NULL, act, &argument_of_action), 0);
	pthread_join(thread, NULL);
	return error;
}

static void walk(void)
{
	forget_visits();
	walking = true;
	codelist_walk(visit);
	walking = false;
	ck_assert(!astray);
}

/* Walk, and at the @pause-th pause do @what with @index. */
static void walk_with(unsigned int pause, void (*what)(void *index), size_t index)
{
	pauses_left = pause;
	action = what;
	argument_of_action = index;
	walk();
	ck_assert_uint_eq(pauses_left, 0);
}

static void check_ascending(void)
{
	for (size_t i = 1; i < visit_count; i++)
		ck_assert_uint_lt(visited[i - 1], visited[i]);
}

START_TEST(nothing)
{
	walk();
	ck_assert_uint_eq(visit_count, 0);
}
END_TEST

/* Of every length about the one at which a walk pauses. */
START_TEST(in_the_order_of_adding)
{
	for (size_t count = 1; count <= COUNT; count++) {
		add(count - 1);
		walk();
		ck_assert_uint_eq(visit_count, count);
		check_ascending();
	}
	take_all();
	walk();
	ck_assert_uint_eq(visit_count, 0);
}
END_TEST

START_TEST(without_those_taken_out)
{
	static const size_t taken[] = {0, COUNT - 1, 1, 63, 64, 65, 127, 128, 100};

	add_all();
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		take(taken[i]);
		walk();
		ck_assert_uint_eq(visit_count, COUNT - i - 1);
		ck_assert_uint_eq(elements[taken[i]].visits, 0);
		check_ascending();
	}
	/* Who comes back is the last. */
	add(64);
	walk();
	ck_assert_uint_eq(visited[visit_count - 1], 64);
}
END_TEST

static void take_one(void *index)
{
	take(*(size_t *)index);
}

/* Any of them, in any pause: the others are visited once, in their order. */
START_TEST(one_goes_meanwhile)
{
	unsigned int pause = (unsigned int)_i;

	for (size_t gone = 0; gone < COUNT; gone++) {
		add_all();
		walk_with(pause, take_one, gone);
		for (size_t i = 0; i < COUNT; i++)
			ck_assert_uint_eq(elements[i].visits,
					  i != gone || gone < pause * PAUSE);
		check_ascending();
		take_all();
	}
}
END_TEST

static void take_from(void *index)
{
	for (size_t i = *(size_t *)index; i < COUNT; i++)
		take(i);
}

static void take_up_to(void *index)
{
	for (size_t i = 0; i <= *(size_t *)index; i++)
		take(i);
}

START_TEST(many_go_meanwhile)
{
	unsigned int pause = (unsigned int)_i;

	for (size_t index = 0; index < COUNT; index++) {
		size_t seen = pause * PAUSE;

		add_all();
		walk_with(pause, take_from, index);
		ck_assert_uint_eq(visit_count, index > seen ? index : seen);
		check_ascending();
		take_all();
		add_all();
		walk_with(pause, take_up_to, index);
		ck_assert_uint_eq(visit_count,
				  index < seen ? COUNT : COUNT - (index + 1 - seen));
		check_ascending();
		take_all();
	}
}
END_TEST

static void move_to_end(void *index)
{
	take(*(size_t *)index);
	add(*(size_t *)index);
}

START_TEST(one_comes_meanwhile)
{
	unsigned int pause = (unsigned int)_i;

	for (size_t index = 0; index < COUNT; index++) {
		add_all();
		walk_with(pause, move_to_end, index);
		/* Who was visited and is here anew is visited anew. */
		for (size_t i = 0; i < COUNT; i++)
			ck_assert_uint_eq(elements[i].visits,
					  1 + (i == index && index < pause * PAUSE));
		ck_assert_uint_eq(visited[visit_count - 1], index);
		take_all();
	}
}
END_TEST

static void walk_too(void *index)
{
	size_t before = visit_count;

	(void)index;
	codelist_walk(visit);
	ck_assert_uint_eq(visit_count - before, COUNT);
}

/* Their places in the list are nothing to visit. */
START_TEST(two_walks)
{
	add_all();
	walk_with((unsigned int)_i, walk_too, 0);
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_uint_eq(elements[i].visits, 2);
}
END_TEST

/* Returns: how many links there are, the list's own among them; -1: a walk's place. */
static int count_links(void)
{
	int count = 0;

	for (struct codelink *link = &elements[0].link;;) {
		if (link->is_cursor || link->next->previous != link)
			return -1;
		count++;
		link = link->next;
		if (link == &elements[0].link)
			return count;
	}
}

static int check_child(void)
{
	alarm(30);
	codelist_fork_child();
	if (count_links() != COUNT + 1)
		return 1;
	forget_visits();
	codelist_walk(visit);
	if (visit_count != COUNT)
		return 2;
	take_all();
	forget_visits();
	codelist_walk(visit);
	return visit_count ? 3 : 0;
}

static void fork_now(void *index)
{
	pid_t child;

	(void)index;
	codelist_fork_prepare();
	child = fork();
	if (!child)
		_exit(check_child());
	codelist_fork_parent();
	ck_assert_int_eq(wait_for(child), 0);
}

/* The walk ends there and goes on here. */
START_TEST(fork_meanwhile)
{
	add_all();
	walk_with((unsigned int)_i, fork_now, 0);
	ck_assert_uint_eq(visit_count, COUNT);
	check_ascending();
	ck_assert_int_eq(count_links(), COUNT + 1);
}
END_TEST

static void visit_nothing(struct codelink *link)
{
	(void)link;
}

/* Not until told to: whoever walks without end lets few others in. */
static void *walk_often(void *left)
{
	for (int i = 0; i < 200; i++)
		codelist_walk(visit_nothing);
	__atomic_sub_fetch((int *)left, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* For the sanitisers: two that walk, one that adds and takes. */
START_TEST(all_at_once)
{
	pthread_t threads[2];
	int left = ARRAY_SIZE(threads);

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, walk_often, &left), 0);
	while (__atomic_load_n(&left, __ATOMIC_ACQUIRE)) {
		add_all();
		for (size_t index = 0; index < COUNT; index += 3)
			move_to_end(&index);
		take_all();
	}
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	add(0);
	ck_assert_int_eq(count_links(), 2);
}
END_TEST

int main(void)
{
	const int pauses = COUNT / PAUSE;
	TCase *tcase = tcase_create("codelist");

	tcase_add_test(tcase, nothing);
	tcase_add_test(tcase, in_the_order_of_adding);
	tcase_add_test(tcase, without_those_taken_out);
	tcase_add_loop_test(tcase, one_goes_meanwhile, 1, pauses + 1);
	tcase_add_loop_test(tcase, many_go_meanwhile, 1, pauses + 1);
	tcase_add_loop_test(tcase, one_comes_meanwhile, 1, pauses + 1);
	tcase_add_loop_test(tcase, two_walks, 1, pauses + 1);
	tcase_add_loop_test(tcase, fork_meanwhile, 1, pauses + 1);
	tcase_add_test(tcase, all_at_once);
	return support_main("codelist", tcase);
}
