# What the benchmarks load and run; built with the tests, never installed. The run path is
# what makes libtool link a module that is not.
check_LTLIBRARIES += tests/bench/evenmalloc.la tests/bench/floor.la
bench_ldflags = $(AM_LDFLAGS) -module -avoid-version -shrext .so -rpath $(abs_builddir)
tests_bench_evenmalloc_la_SOURCES = tests/bench/evenmalloc.c
# The compiler knows what these functions do, and would call them from themselves.
tests_bench_evenmalloc_la_CFLAGS = $(AM_CFLAGS) -fno-builtin
tests_bench_evenmalloc_la_LDFLAGS = $(bench_ldflags)
tests_bench_floor_la_SOURCES = tests/bench/floor.c
tests_bench_floor_la_LDFLAGS = $(bench_ldflags) \
	-export-symbols-regex '^(PyInit_|pyusdt_bench_)'
