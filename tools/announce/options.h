/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. */
#ifndef ANNOUNCE_OPTIONS_H
#define ANNOUNCE_OPTIONS_H

#include <stdbool.h>

#include "selection.h"

struct options {
	struct selection selection;
	bool requests, once, list;
};

/* Ends the program where there is nothing more to do, or something is wrong. */
void options_read(int argc, char **argv, struct options *options);

#endif /* ANNOUNCE_OPTIONS_H */
