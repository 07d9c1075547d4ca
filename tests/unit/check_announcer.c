// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which processes pyusdt-announce asks about, and when: with real ones, and records that
 * are made up.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "announcer.h"
#include "idle_process.h"
#include "probe.h"
#include "support.h"

static const struct selection everyone;
static struct announcer announcer;

/* In place of the probe site: nobody watches. */
bool probe_process_watched(void)
{
	return false;
}

void probe_process(pid_t pid, const struct layout_words *words)
{
	(void)pid;
	(void)words;
}

/* What a look at this process, or at another one, finds, where that is made up. */
static bool is_looked_at;
static struct look found;
static pid_t other;
static struct look found_in_other;

bool __real_proc_look(pid_t pid, struct maps *maps, struct look *look);
bool __wrap_proc_look(pid_t pid, struct maps *maps, struct look *look);

bool __wrap_proc_look(pid_t pid, struct maps *maps, struct look *look)
{
	if (!is_looked_at || (pid != getpid() && pid != other))
		return __real_proc_look(pid, maps, look);
	*look = pid == other ? found_in_other : found;
	return true;
}

static void round_of(struct announcer *of)
{
	ck_assert(announcer_refresh(of));
	announcer_scan(of);
}

static const struct process *find(pid_t pid)
{
	return table_find(&announcer.table, pid);
}

/* This process, which is somewhere else in the table when others have ended. */
static struct process *own(void)
{
	return table_find(&announcer.table, getpid());
}

/* All that are there at the beginning are known. */
static void begin(void)
{
	ck_assert_ptr_null(proc_open());
	ck_assert(announcer_begin(&announcer, &everyone));
	announcer.has_records = true;
	round_of(&announcer);
	ck_assert_ptr_nonnull(own());
}

START_TEST(new_ones_are_known_by_records)
{
	pid_t child;

	begin();
	child = idle_process_start();
	round_of(&announcer);
	ck_assert_ptr_null(find(child));
	announcer_fork(&announcer, child, getpid());
	round_of(&announcer);
	ck_assert_ptr_nonnull(find(child));
	idle_process_end(child);
	round_of(&announcer);
	ck_assert_ptr_null(find(child));
	/* It has ended before it could be known. */
	announcer_fork(&announcer, child, getpid());
	round_of(&announcer);
	ck_assert_ptr_null(find(child));
	announcer_end(&announcer);
}
END_TEST

START_TEST(all_are_listed_where_records_do_not_tell)
{
	pid_t first, second, third, fourth;

	begin();
	first = idle_process_start();
	announcer.has_missed_forks = true;
	round_of(&announcer);
	ck_assert_ptr_nonnull(find(first));
	second = idle_process_start();
	for (int i = 0; i <= MAX_FORKED; i++)
		announcer_fork(&announcer, first, getpid());
	round_of(&announcer);
	ck_assert_ptr_nonnull(find(second));
	third = idle_process_start();
	announcer.next_check = announcer.now;
	round_of(&announcer);
	ck_assert_ptr_nonnull(find(third));
	fourth = idle_process_start();
	announcer.has_records = false;
	round_of(&announcer);
	ck_assert_ptr_nonnull(find(fourth));
	announcer_end(&announcer);
	idle_process_end(first);
	idle_process_end(second);
	idle_process_end(third);
	idle_process_end(fourth);
}
END_TEST

/* A child has what is known of its parent, if it has not begun another program. */
START_TEST(children_inherit)
{
	struct layout_words words = {.version = 0x030d00f0};
	pid_t child, stranger;

	begin();
	own()->has_words = own()->is_settled = true;
	own()->words = words;
	child = idle_process_start();
	stranger = idle_process_start();
	announcer_fork(&announcer, child, getpid());
	announcer_fork(&announcer, stranger, getpid());
	announcer.begun[announcer.begun_count++] = stranger;
	round_of(&announcer);
	ck_assert(find(child)->is_settled && find(child)->has_words);
	ck_assert_uint_eq(find(child)->words.version, words.version);
	ck_assert_int_eq(find(child)->pid, child);
	ck_assert_int_ne(find(child)->pidfd, own()->pidfd);
	ck_assert(!find(stranger)->is_settled);
	announcer_end(&announcer);
	idle_process_end(child);
	idle_process_end(stranger);
}
END_TEST

/* Whose program was missed: it is another one's until that is seen. */
START_TEST(missed_programs_are_checked)
{
	begin();
	own()->id.ino++;
	own()->is_settled = true;
	round_of(&announcer);
	ck_assert(own()->is_settled);
	announcer.has_missed_execs = true;
	round_of(&announcer);
	ck_assert(!own()->is_settled);
	announcer_end(&announcer);
}
END_TEST

/* A round in which this process is the first one that is looked at, as it is due. */
static void round_for_own(void)
{
	announcer.last_again = getpid() - 1;
	announcer.looks = announcer.none_again = (struct rate){0};
	own()->due = announcer.now;
	own()->is_empty = false;
	round_of(&announcer);
}

/* As long as a library is being mapped, what is in it may look like another Python's. */
START_TEST(one_look_does_not_make_it_another)
{
	begin();
	is_looked_at = true;
	found = (struct look){.finding = FOUND_OTHER, .why = "not yet"};
	for (int i = 0; i < 2; i++) {
		ck_assert(!own()->is_settled && !own()->is_other);
		round_for_own();
	}
	ck_assert(own()->is_settled && own()->is_other);

	own()->is_settled = own()->is_other = own()->is_doubtful = false;
	round_for_own();
	ck_assert(!own()->is_settled && own()->due > announcer.now);
	found = (struct look){.finding = FOUND_LAYOUT};
	round_for_own();
	ck_assert(own()->is_settled && own()->has_words && !own()->is_other);
	is_looked_at = false;
	announcer_end(&announcer);
}
END_TEST

/* What is right for a process is guessed of those before it, too: ids begin anew. */
START_TEST(order_of_ids_does_not_matter)
{
	struct selection named = {.has_pids = true, .count = 2};
	pid_t pids[2];

	pids[0] = getpid();
	other = idle_process_start();
	while (other < pids[0]) {
		idle_process_end(other);
		other = idle_process_start();
	}
	pids[1] = other;
	named.pids = pids;
	is_looked_at = true;
	found = (struct look){.finding = FOUND_EARLY, .why = "it has not begun yet"};
	found_in_other = (struct look){.finding = FOUND_LAYOUT};
	found_in_other.words.version = 0x030d00f0;
	ck_assert_ptr_null(proc_open());
	ck_assert(announcer_begin(&announcer, &named));
	announcer_add_named(&announcer);
	round_of(&announcer);
	ck_assert(own()->has_words && !own()->is_settled);
	ck_assert_uint_eq(own()->words.version, 0x030d00f0);
	ck_assert_ptr_null(own()->told);
	/* A guess is made once: what is found to be wrong stays so. */
	own()->has_words = false;
	round_of(&announcer);
	ck_assert(!own()->has_words);
	is_looked_at = false;
	announcer_end(&announcer);
	idle_process_end(other);
	other = 0;
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("announcer");

	tcase_add_test(tcase, new_ones_are_known_by_records);
	tcase_add_test(tcase, all_are_listed_where_records_do_not_tell);
	tcase_add_test(tcase, children_inherit);
	tcase_add_test(tcase, missed_programs_are_checked);
	tcase_add_test(tcase, one_look_does_not_make_it_another);
	tcase_add_test(tcase, order_of_ids_does_not_matter);
	return support_main("announcer", tcase);
}
