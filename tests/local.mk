check_LTLIBRARIES =

include tests/unit/local.mk
include tests/bench/local.mk

# What tests/live runs; never installed.
noinst_PROGRAMS = tests/live/dlopen_python
tests_live_dlopen_python_SOURCES = tests/live/dlopen_python.c
tests_live_dlopen_python_LDADD = -ldl

# One tier each: a folder of unittest files, run under the configured interpreter.
TEST_EXTENSIONS = .tier
TIER_LOG_COMPILER = $(PYTHON) $(srcdir)/tests/run.py
tiers = tests/python.tier tests/abi.tier tests/bench.tier tests/live.tier
TESTS += $(tiers)
AM_TESTS_ENVIRONMENT = PYUSDT_BUILDDIR=$(abs_builddir); export PYUSDT_BUILDDIR;

# By themselves: a tracer watches every process that has the library.
tests/live.log: tests/python.log tests/abi.log tests/bench.log $(check_PROGRAMS:=.log)

EXTRA_DIST += $(tiers) tests/again.py tests/no_layout.py tests/protobuf_reader.py tests/run.py tests/semaphores.py tests/abi tests/bare tests/bench tests/cpython tests/debian tests/embed tests/fuzz tests/kernels tests/lanes.py tests/live tests/matrix tests/python tests/sanitize tests/soak tests/watched

# Whole folders are packed, from the build tree too: what is made there is no part of it.
dist-hook:
	find $(distdir) \( -name __pycache__ -o -name .deps -o -name .libs \) -prune \
		-exec rm -rf {} +
	find $(distdir) \( -name '*.o' -o -name '*.lo' -o -name '*.la' -o -name .dirstamp \) \
		-exec rm -f {} +
	cd $(distdir) && rm -f $(bench_programs) $(noinst_PROGRAMS)

installcheck-local:
	$(MAKE) $(AM_MAKEFLAGS) install-python PYTHONSITE=$(abs_builddir)/further-python
	CC='$(CC)' PYTHON='$(PYTHON)' PYTHON_PKG_CONFIG_PATH='$(PYTHON_PKG_CONFIG_PATH)' \
	bindir='$(DESTDIR)$(bindir)' libdir='$(DESTDIR)$(libdir)' \
	pythondirs='$(DESTDIR)$(pythondir) $(abs_builddir)/further-python' \
	$(SHELL) $(srcdir)/tests/embed/check-installed $(srcdir)/examples
	rm -rf further-python

# Installed, too, nothing outside of the prefix.
AM_DISTCHECK_CONFIGURE_FLAGS = PYTHON='$(PYTHON)' --with-pythondir="$$dc_install_base/python"
