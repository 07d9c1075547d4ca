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

# One for each instruction of --with-usdt-nop.
bench_programs = tests/bench/hits-nop tests/bench/hits-nop5 tests/bench/hits-nop10
EXTRA_PROGRAMS = $(bench_programs)
hits_cppflags = $(AM_CPPFLAGS) $(USDT_CPPFLAGS)
hits_cflags = $(AM_CFLAGS) $(USDT_CFLAGS) -pthread
tests_bench_hits_nop_SOURCES = tests/bench/hits.c
tests_bench_hits_nop_CPPFLAGS = $(hits_cppflags) -DHITS_NOP=1
tests_bench_hits_nop_CFLAGS = $(hits_cflags)
tests_bench_hits_nop5_SOURCES = tests/bench/hits.c
tests_bench_hits_nop5_CPPFLAGS = $(hits_cppflags) -DHITS_NOP=5
tests_bench_hits_nop5_CFLAGS = $(hits_cflags)
tests_bench_hits_nop10_SOURCES = tests/bench/hits.c
tests_bench_hits_nop10_CPPFLAGS = $(hits_cppflags) -DHITS_NOP=10
tests_bench_hits_nop10_CFLAGS = $(hits_cflags)

bench-programs: all tests/bench/evenmalloc.la tests/bench/floor.la $(bench_programs)

# BENCHFLAGS: see scripts/bench --help.
bench: bench-programs
	PYUSDT_BUILDDIR=$(abs_builddir) $(PYTHON) $(srcdir)/tests/bench/bench.py $(BENCHFLAGS)

.PHONY: bench bench-programs
CLEANFILES += $(bench_programs)
