// SPDX-License-Identifier: BSD-2-Clause
/*
 * pyusdt-attach: has a CPython that runs already load libpyusdt and arm its events, and
 * disarm them again.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pyusdt.h"

#include "events/events.h"
#include "request.h"

#define NAME "pyusdt-attach"

/* Exit statuses, as in the man page. */
enum {
	STATUS_DONE = 0,
	STATUS_REFUSED = 1,
	STATUS_USAGE = 2,
	STATUS_LATE = 3,
};

static const char usage[] =
	"usage: " NAME " [-e EVENTS] [-q] [-t SECONDS] [--no-stop] [--library FILE] PID\n"
	"       " NAME " --disarm [-q] [-t SECONDS] [--no-stop] PID\n";

static const char help[] =
	"\n"
	"Have a running CPython, 3.12 or later, load libpyusdt and arm its events: each "
	"is\n"
	"instrumented while a tracer watches its probe. The process is not restarted, "
	"and it\n"
	"need not know of libpyusdt.\n"
	"\n"
	"  -e, --events EVENTS    arm these events: names with commas between, as in\n"
	"                         py_start,py_return, or all (the default)\n"
	"      --disarm           disarm what was armed so; the library stays loaded, at "
	"rest\n"
	"  -t, --timeout SECONDS  give up after so long (default: 10)\n"
	"      --no-stop          do not stop the main thread for a moment; CPython 3.14 "
	"and\n"
	"                         later only, where it runs Python code\n"
	"      --library FILE     load this library, not the installed one\n"
	"  -q, --quiet            say nothing when it is done\n"
	"      --version          print the version and exit\n"
	"  -h, --help             print this help and exit\n"
	"\n"
	"Exit status: 0; 1 when it cannot be done; 2 for wrong usage; 3 when it was not "
	"done\n"
	"in time.\n";

struct options {
	struct request request;
	bool disarm, quiet;
	const char *events;
};

static _Noreturn void fail(const char *what, const char *word)
{
	fprintf(stderr, NAME ": %s%s\n%s", what, word, usage);
	exit(STATUS_USAGE);
}

static long parse_number(const char *text, long max, const char *what)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || end == text || *end || number < 1 || number > max)
		fail(what, text);
	return number;
}

static uint64_t parse_event(const char *name)
{
	uint64_t bit = strcasecmp(name, "all") ? event_bit_of_name(name) : ATTACH_ALL;

	if (!bit) {
		fprintf(stderr,
			NAME
			": unknown event '%s': use all, or names of pyusdt-probes(7)\n",
			name);
		exit(STATUS_USAGE);
	}
	return bit;
}

static uint64_t parse_events(const char *text)
{
	char *copy = strdup(text), *rest = copy, *name;
	uint64_t events = 0;

	while (copy && (name = strsep(&rest, ", ")))
		if (*name)
			events |= parse_event(name);
	free(copy);
	if (!events)
		fail("no event in ", text);
	return events;
}

static void parse(int argc, char **argv, struct options *options)
{
	enum { OPTION_DISARM = 256, OPTION_LIBRARY, OPTION_NO_STOP, OPTION_VERSION };
	static const struct option names[] = {
		{"disarm", no_argument, NULL, OPTION_DISARM},
		{"events", required_argument, NULL, 'e'},
		{"help", no_argument, NULL, 'h'},
		{"library", required_argument, NULL, OPTION_LIBRARY},
		{"no-stop", no_argument, NULL, OPTION_NO_STOP},
		{"quiet", no_argument, NULL, 'q'},
		{"timeout", required_argument, NULL, 't'},
		{"version", no_argument, NULL, OPTION_VERSION},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "e:hqt:", names, NULL)) != -1) {
		switch (option) {
		case OPTION_DISARM:
			options->disarm = true;
			break;
		case 'e':
			options->events = optarg;
			break;
		case OPTION_NO_STOP:
			options->request.no_stop = true;
			break;
		case OPTION_LIBRARY:
			options->request.library = optarg;
			break;
		case 'q':
			options->quiet = true;
			break;
		case 't':
			options->request.msec =
				(int)parse_number(optarg, 86400,
						  "not a number of seconds: ") *
				1000;
			break;
		case 'h':
			printf("%s%s", usage, help);
			exit(STATUS_DONE);
		case OPTION_VERSION:
			puts(NAME " " PYUSDT_VERSION);
			exit(STATUS_DONE);
		default:
			fputs(usage, stderr);
			exit(STATUS_USAGE);
		}
	}
	if (argc - optind != 1)
		fail("give one process id", "");
	options->request.pid =
		(pid_t)parse_number(argv[optind], INT_MAX, "not a process id: ");
	if (options->disarm && options->events)
		fail("--disarm takes no events", "");
	if (!options->disarm)
		options->request.events =
			options->events ? parse_events(options->events) : ATTACH_ALL;
}

static void on_signal(int signal)
{
	(void)signal;
	request_interrupt();
}

/* So that no file of ours is left behind. */
static void catch_signals(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
	struct sigaction action = {.sa_handler = on_signal};

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
}

static int refused(const struct options *options, const char *why)
{
	fprintf(stderr, NAME ": %d: %s\n", (int)options->request.pid, why);
	return STATUS_REFUSED;
}

/* Events that this CPython does not have. */
static int refuse_events(const struct options *options, const struct answer *answer)
{
	uint64_t missing = options->request.events & ~answer->state.supported;
	const char *name = event_name_of_bit(missing & -missing);
	char why[128];

	snprintf(why, sizeof(why), "its CPython has no event %s", name ? name : "at all");
	return refused(options, why);
}

static int tell_of_program(const struct options *options, const struct answer *answer)
{
	uint64_t wanted = options->request.events;

	if (wanted != ATTACH_ALL && wanted & ~answer->state.enabled)
		return refused(options,
			       "the program arms events itself, and not all of these");
	if (!options->quiet)
		printf("%d: the program arms events itself: nothing was changed\n",
		       (int)options->request.pid);
	return STATUS_DONE;
}

static int tell_done(const struct options *options, const struct answer *answer)
{
	char stood[64] = "nothing stood still";

	if (answer->stood >= 0)
		snprintf(stood, sizeof(stood),
			 "its main thread stood still for %" PRId64 " us", answer->stood);
	if (!options->quiet)
		printf("%d: CPython %u.%u.%u, %s%s; %s\n", (int)options->request.pid,
		       answer->python >> 24, answer->python >> 16 & 0xff,
		       answer->python >> 8 & 0xff,
		       answer->loaded ? "libpyusdt loaded, events " : "events ",
		       options->disarm ? "disarmed" : "armed", stood);
	return STATUS_DONE;
}

static int tell(const struct options *options, const struct answer *answer)
{
	char why[640];

	if (answer->outcome == OUTCOME_REFUSED)
		return refused(options, answer->why);
	if (answer->outcome == OUTCOME_LATE) {
		snprintf(why, sizeof(why), "not done in time: %s", answer->why);
		refused(options, why);
		return STATUS_LATE;
	}
	switch (answer->state.result) {
	case 0:
		return tell_done(options, answer);
	case -EALREADY:
		return tell_of_program(options, answer);
	case -ENOENT:
		return refused(options, "there is nothing that " NAME " has armed in it");
	case -ENOTSUP:
		return refuse_events(options, answer);
	}
	return refused(options, pyusdt_strerror(answer->state.result));
}

int main(int argc, char **argv)
{
	struct options options = {.request = {.library = PYUSDT_LIBRARY, .msec = 10000}};
	struct answer answer;

	parse(argc, argv, &options);
	catch_signals();
	request_make(&options.request, &answer);
	return tell(&options, &answer);
}
