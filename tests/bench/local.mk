# What the benchmarks load and run; built with the tests, never installed. The run path is
# what makes libtool link a module that is not.
check_LTLIBRARIES += tests/bench/floor.la
tests_bench_floor_la_SOURCES = tests/bench/floor.c
tests_bench_floor_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shrext .so \
	-rpath $(abs_builddir) -export-symbols-regex '^(PyInit_|pyusdt_bench_)'
