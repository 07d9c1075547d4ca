// SPDX-License-Identifier: BSD-2-Clause
/*
 * A C program that embeds CPython and runs a Python file, visible to tracers:
 *
 *   cc embed.c -o embed $(pkg-config --cflags --libs pyusdt python3-embed)
 *   ./embed script.py
 *   bpftrace -e 'usdt:/usr/local/lib/libpyusdt.so:pyusdt:PY_START
 *                { @[str(arg0)] = count(); }'
 *
 * It goes on where the events cannot be armed: tracing must not stand in the program's
 * way.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdio.h>

#include <pyusdt.h>

static void arm(void)
{
	int error = pyusdt_enable(pyusdt_supported());

	if (error)
		fprintf(stderr, "embed: pyusdt: %s\n", pyusdt_strerror(error));
}

int main(int argc, char *argv[])
{
	FILE *file;
	int failed;

	if (argc != 2) {
		fprintf(stderr, "usage: embed SCRIPT\n");
		return 2;
	}
	file = fopen(argv[1], "r");
	if (!file) {
		perror(argv[1]);
		return 1;
	}
	Py_Initialize();
	arm();
	failed = PyRun_SimpleFileExFlags(file, argv[1], 1, NULL);
	pyusdt_disable();
	if (Py_FinalizeEx() < 0)
		return 120;
	return failed ? 1 : 0;
}
