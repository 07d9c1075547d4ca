// SPDX-License-Identifier: BSD-2-Clause
/*
 * pyusdt-announce: finds running CPythons from outside, and tells BPF programs by the
 * probe pyusdt:PROCESS where each has its stacks. It only reads: no process is stopped,
 * changed or told.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "announcer.h"
#include "list.h"
#include "base/monotonic.h"
#include "options.h"
#include "proc.h"
#include "rate.h"
#include "records.h"
#include "requests.h"
#include "rights.h"

#define MSEC_BETWEEN_SCANS 1000
/*
 * To wake up costs as much as some programs that begin. So many a second, and at once
 * after a pause; when there are more, that long is slept, which most Pythons need until
 * their first line.
 */
#define WAKES       10, 60
#define MSEC_ASLEEP 25
#define MAX_RINGS   1024
#define MAX_FDS     (MAX_RINGS + 1)

static volatile sig_atomic_t is_told_to_end;

static void end(int signal)
{
	(void)signal;
	is_told_to_end = 1;
}

/* Only while we wait, so that none is missed. @waiting: the signals blocked then. */
static void catch_signals(sigset_t *waiting)
{
	const int signals[] = {SIGHUP, SIGINT, SIGTERM};
	const struct sigaction action = {.sa_handler = end};
	sigset_t set;

	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, NULL, waiting);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&set, signals[i]);
		sigdelset(waiting, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "pyusdt-announce: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

/* Who started us may be killed, and then nobody would end us. */
static void end_with_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0))
		fail("PR_SET_PDEATHSIG", strerror(errno));
	if (getppid() != parent)
		exit(EXIT_SUCCESS);
}

/* One for each process. */
static void raise_limit_of_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void each_exec(pid_t pid, void *context)
{
	announcer_exec(context, pid);
}

static void each_fork(pid_t pid, pid_t parent, void *context)
{
	announcer_fork(context, pid, parent);
}

/* Until something happens, or it is time. */
static void wait_for(const struct records *records, bool requests, int64_t until,
		     const sigset_t *waiting)
{
	static struct rate wakes;
	struct pollfd fds[MAX_FDS];
	int64_t now = monotonic_msec(), msec = until - now;
	int count = requests ? requests_poll(fds) : 0;
	struct timespec time;

	if (msec < 0)
		msec = 0;
	/* Where programs begin all the time, several are taken at once. */
	if (records && rate_take(&wakes, now, WAKES))
		count += records_poll(records, fds + count, MAX_RINGS);
	else if (records && msec > MSEC_ASLEEP)
		msec = MSEC_ASLEEP;
	time = (struct timespec){msec / 1000, msec % 1000 * 1000000};
	ppoll(fds, (nfds_t)count, &time, waiting);
}

static void run(struct announcer *announcer, struct records *records, bool requests,
		const sigset_t *waiting)
{
	int64_t scan = monotonic_msec();

	announcer->has_records = records;
	while (!is_told_to_end) {
		int64_t next = announcer_look_at_young(announcer, scan);
		bool is_asked = requests && requests_take();

		if (is_asked || monotonic_msec() >= scan) {
			if (records && !records_read_forks(records, each_fork, announcer))
				announcer->has_missed_forks = true;
			announcer_refresh(announcer);
			announcer_scan(announcer);
			announcer_tell(announcer);
			if (is_asked)
				requests_answer();
			if (announcer->selection->has_pids &&
			    !announcer_has_any(announcer))
				return;
			scan = announcer->now + MSEC_BETWEEN_SCANS;
			continue;
		}
		wait_for(records, requests, next, waiting);
		if (records && !records_read_execs(records, each_exec, announcer))
			announcer->has_missed_execs = true;
	}
}

static struct records *open_records(void)
{
	struct records *records = records_open();

	if (!records)
		fprintf(stderr,
			"pyusdt-announce: perf_event_open: %s: new processes are found "
			"only once a second; root or CAP_PERFMON would help\n",
			strerror(errno));
	return records;
}

static void check_named(const struct selection *selection)
{
	for (size_t i = 0; i < selection->count; i++)
		if (!proc_exists(selection->pids[i])) {
			fprintf(stderr,
				"pyusdt-announce: process %d: there is no such process\n",
				selection->pids[i]);
			exit(EXIT_FAILURE);
		}
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct announcer announcer;
	struct options options;
	struct records *records = NULL;
	sigset_t waiting;
	const char *why;
	int status = EXIT_SUCCESS;

	options_read(argc, argv, &options);
	catch_signals(&waiting);
	why = proc_open();
	if (why)
		fail("/proc", why);
	check_named(&options.selection);
	raise_limit_of_files();
	if (!options.list && !options.once)
		records = open_records();
	why = rights_drop();
	if (why)
		fail(why, strerror(errno));
	end_with_parent(parent); /* another user's process would forget it */

	if (!announcer_begin(&announcer, &options.selection))
		fail("malloc", strerror(errno));
	announcer_add_named(&announcer);
	if (options.list || options.once) {
		if (!announcer_refresh(&announcer))
			fail("/proc", strerror(errno));
		if (options.list) {
			list_processes(&announcer, stdout);
		} else {
			announcer_scan(&announcer);
			if (announcer_why_not(&announcer))
				status = EXIT_FAILURE;
		}
	} else {
		run(&announcer, records, options.requests, &waiting);
	}
	announcer_end(&announcer);
	if (records)
		records_close(records);
	selection_free(&options.selection);
	if (fflush(stdout))
		fail("stdout", strerror(errno));
	return status;
}
