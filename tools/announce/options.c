// SPDX-License-Identifier: BSD-2-Clause
/* The command line: a word that is wrong is named, and nothing has begun by then. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define STATUS_USAGE 2

static const char usage[] =
	"usage: pyusdt-announce [-p PID[,PID...]]... [--children] [--all] [--user USER]\n"
	"                       [--cgroup PATH]\n"
	"                       [--requests | --once | --list]\n";

static const char help[] =
	"\n"
	"Finds running CPythons, 3.12 to 3.15, and fires the probe pyusdt:PROCESS for "
	"each:\n"
	"where its stacks are, for BPF programs. Nothing is done to the processes.\n"
	"\n"
	"  -p, --pid PID,...  these processes; ends with the last of them\n"
	"      --children     and all that come from them\n"
	"      --all          all processes, also later ones (the default without -p)\n"
	"      --user USER    of these, only the user's\n"
	"      --cgroup PATH  only those in this control group and below\n"
	"      --requests     announce also for each byte on standard input, and answer "
	"it\n"
	"      --once         one look, then end: status 1 where a PID is not known\n"
	"      --list         one look, and a line of JSON for each Python\n"
	"  -h, --help\n"
	"      --version\n"
	"\n"
	"See pyusdt-announce(8).\n";

enum {
	OPTION_CHILDREN = 256,
	OPTION_ALL,
	OPTION_USER,
	OPTION_CGROUP,
	OPTION_REQUESTS,
	OPTION_ONCE,
	OPTION_LIST,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"pid", required_argument, NULL, 'p'},
	{"children", no_argument, NULL, OPTION_CHILDREN},
	{"all", no_argument, NULL, OPTION_ALL},
	{"user", required_argument, NULL, OPTION_USER},
	{"cgroup", required_argument, NULL, OPTION_CGROUP},
	{"requests", no_argument, NULL, OPTION_REQUESTS},
	{"once", no_argument, NULL, OPTION_ONCE},
	{"list", no_argument, NULL, OPTION_LIST},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "pyusdt-announce: %s: %s\n", what, why);
	exit(STATUS_USAGE);
}

/* Of the option's word. */
static void check(const char *why)
{
	if (why)
		fail(optarg, why);
}

static _Noreturn void print(const char *first, const char *second)
{
	printf("%s%s", first, second);
	exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
}

void options_read(int argc, char **argv, struct options *options)
{
	struct selection *selection = &options->selection;
	static char program[] = "pyusdt-announce";
	bool all = false;
	int option;

	*options = (struct options){.once = false};
	argv[0] = program; /* as getopt_long() begins what it says */
	while ((option = getopt_long(argc, argv, "p:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'p':
			check(selection_add_pids(selection, optarg));
			break;
		case OPTION_CHILDREN:
			selection->children = true;
			break;
		case OPTION_ALL:
			all = true;
			break;
		case OPTION_USER:
			check(selection_set_user(selection, optarg));
			break;
		case OPTION_CGROUP:
			check(selection_set_cgroup(selection, optarg));
			break;
		case OPTION_REQUESTS:
			options->requests = true;
			break;
		case OPTION_ONCE:
			options->once = true;
			break;
		case OPTION_LIST:
			options->list = true;
			break;
		case 'h':
			print(usage, help);
		case OPTION_VERSION:
			print("pyusdt-announce ", PACKAGE_VERSION "\n");
		default:
			exit(STATUS_USAGE); /* it has been said what is wrong */
		}
	}
	if (optind < argc)
		fail(argv[optind], "not an option; process ids come after -p");
	if (all && selection->has_pids)
		fail("--all", "not together with -p");
	if (selection->cgroup && selection->has_pids)
		fail("--cgroup", "not together with -p");
	if (selection->children && !selection->has_pids)
		fail("--children", "of which processes? -p names them");
	if (options->requests && (options->once || options->list))
		fail("--requests", "not together with --once or --list");
	if (options->once && options->list)
		fail("--once", "not together with --list, which is once");
}
