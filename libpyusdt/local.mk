# The core, without probe sites: the unit tests put a recorder in their place.
noinst_LTLIBRARIES += libpyusdt/libpyusdt-core.la
libpyusdt_libpyusdt_core_la_SOURCES = \
	libpyusdt/announce.c libpyusdt/announce.h \
	libpyusdt/api.c \
	libpyusdt/callable.c libpyusdt/callable.h \
	libpyusdt/callbacks.c libpyusdt/callbacks.h \
	libpyusdt/callnames.c libpyusdt/callnames.h \
	libpyusdt/codelist.c libpyusdt/codelist.h \
	libpyusdt/codemeta.c libpyusdt/codemeta.h \
	libpyusdt/collector.c libpyusdt/collector.h \
	libpyusdt/control.c libpyusdt/control.h \
	libpyusdt/events.c libpyusdt/events.h libpyusdt/events.def \
	libpyusdt/filters.c libpyusdt/filters.h \
	libpyusdt/finalize.c libpyusdt/finalize.h \
	libpyusdt/fork.c libpyusdt/fork.h \
	libpyusdt/format.c libpyusdt/format.h \
	libpyusdt/glob.c libpyusdt/glob.h \
	libpyusdt/interp.c libpyusdt/interp.h \
	libpyusdt/layout.c libpyusdt/layout.h \
	libpyusdt/layout_check.c libpyusdt/layout_check.h \
	libpyusdt/layout_offsets.c libpyusdt/layout_offsets.h \
	libpyusdt/layout_tstate.c libpyusdt/layout_tstate.h \
	libpyusdt/memory.c libpyusdt/memory.h \
	libpyusdt/monitoring.c libpyusdt/monitoring.h \
	libpyusdt/monotonic.h \
	libpyusdt/native.c libpyusdt/native.h \
	libpyusdt/objtable.c libpyusdt/objtable.h \
	libpyusdt/options.c libpyusdt/options.h \
	libpyusdt/probes.h \
	libpyusdt/pycompat.c libpyusdt/pycompat.h \
	libpyusdt/pyobject.c libpyusdt/pyobject.h \
	libpyusdt/registry.c libpyusdt/registry.h \
	libpyusdt/scopes.c libpyusdt/scopes.h \
	libpyusdt/strerror.c \
	libpyusdt/text.c libpyusdt/text.h \
	libpyusdt/thread.c libpyusdt/thread.h \
	libpyusdt/turn.c libpyusdt/turn.h \
	libpyusdt/value_options.c libpyusdt/value_options.h \
	libpyusdt/watcher.c libpyusdt/watcher.h \
	libpyusdt/weakwatch.c libpyusdt/weakwatch.h

noinst_LTLIBRARIES += libpyusdt/libpyusdt-probes.la
libpyusdt_libpyusdt_probes_la_SOURCES = libpyusdt/probes.c
libpyusdt_libpyusdt_probes_la_CPPFLAGS = $(AM_CPPFLAGS) $(USDT_CPPFLAGS)
libpyusdt_libpyusdt_probes_la_CFLAGS = $(AM_CFLAGS) $(USDT_CFLAGS)

# No libpython: its symbols are those of the program that loads the library. Never
# unloaded: callbacks, a thread and fork handlers live in it.
lib_LTLIBRARIES += libpyusdt/libpyusdt.la
libpyusdt_libpyusdt_la_SOURCES =
libpyusdt_libpyusdt_la_LIBADD = libpyusdt/libpyusdt-core.la libpyusdt/libpyusdt-probes.la
libpyusdt_libpyusdt_la_LDFLAGS = $(AM_LDFLAGS) -pthread \
	-version-info $(LIBPYUSDT_VERSION_INFO) \
	-Wl,--version-script=$(srcdir)/libpyusdt/libpyusdt.sym -Wl,-z,nodelete
EXTRA_libpyusdt_libpyusdt_la_DEPENDENCIES = libpyusdt/libpyusdt.sym

EXTRA_DIST += libpyusdt/libpyusdt.sym libpyusdt/usdt/usdt.h
