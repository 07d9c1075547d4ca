// SPDX-License-Identifier: BSD-2-Clause
/*
 * Runs a Python program by a libpython that comes by dlopen(), as plugins do.
 *
 * usage: dlopen_python LIBRARY PYTHONHOME WORD...
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	void *library = argc < 4 ? NULL : dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
	int (*run)(int, char **);

	if (!library) {
		fprintf(stderr, "dlopen_python: %s\n", argc < 4 ? "usage" : dlerror());
		return EXIT_FAILURE;
	}
	*(void **)&run = dlsym(library, "Py_BytesMain");
	if (!run) {
		fprintf(stderr, "dlopen_python: %s\n", dlerror());
		return EXIT_FAILURE;
	}
	setenv("PYTHONHOME", argv[2], 1);
	argv[2] = argv[0];
	return run(argc - 2, argv + 2);
}
