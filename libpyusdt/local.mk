# The core, without probe sites: the unit tests put a recorder in their place.
noinst_LTLIBRARIES += libpyusdt/libpyusdt-core.la
libpyusdt_libpyusdt_core_la_SOURCES = \
	libpyusdt/api.c libpyusdt/strerror.c \
	libpyusdt/control/announce.c libpyusdt/control/announce.h \
	libpyusdt/control/apply.c libpyusdt/control/apply.h \
	libpyusdt/control/attach.c libpyusdt/control/attach.h \
	libpyusdt/control/control.c libpyusdt/control/control.h \
	libpyusdt/control/finalize.c libpyusdt/control/finalize.h \
	libpyusdt/control/fork.c libpyusdt/control/fork.h \
	libpyusdt/control/options.c libpyusdt/control/options.h \
	libpyusdt/control/registry.c libpyusdt/control/registry.h \
	libpyusdt/control/watcher.c libpyusdt/control/watcher.h \
	libpyusdt/monitoring/callbacks.c libpyusdt/monitoring/callbacks.h \
	libpyusdt/monitoring/calls.c libpyusdt/monitoring/calls.h \
	libpyusdt/monitoring/gc.c libpyusdt/monitoring/gc.h \
	libpyusdt/monitoring/imports_threads.c libpyusdt/monitoring/imports_threads.h \
	libpyusdt/monitoring/interp.c libpyusdt/monitoring/interp.h \
	libpyusdt/monitoring/monitoring.c libpyusdt/monitoring/monitoring.h \
	libpyusdt/monitoring/running.c libpyusdt/monitoring/running.h \
	libpyusdt/monitoring/visible.c libpyusdt/monitoring/visible.h \
	libpyusdt/account/account.c libpyusdt/account/account.h \
	libpyusdt/account/buckets.c libpyusdt/account/buckets.h \
	libpyusdt/account/c_names.c libpyusdt/account/c_names.h \
	libpyusdt/account/clock.c libpyusdt/account/clock.h \
	libpyusdt/account/events.c libpyusdt/account/events.h \
	libpyusdt/account/figures.c libpyusdt/account/figures.h \
	libpyusdt/account/frames.c libpyusdt/account/frames.h \
	libpyusdt/account/nodes.c libpyusdt/account/nodes.h \
	libpyusdt/account/parked.c libpyusdt/account/parked.h \
	libpyusdt/account/stack.c libpyusdt/account/stack.h \
	libpyusdt/account/sums.c libpyusdt/account/sums.h \
	libpyusdt/account/state.h \
	libpyusdt/account/record.h \
	libpyusdt/account/records.c libpyusdt/account/records.h \
	libpyusdt/account/rows.c libpyusdt/account/rows.h \
	libpyusdt/account/telling.c libpyusdt/account/telling.h \
	libpyusdt/account/threads.c libpyusdt/account/threads.h \
	libpyusdt/layout/layout.c libpyusdt/layout/layout.h \
	libpyusdt/layout/layout_check.c libpyusdt/layout/layout_check.h \
	libpyusdt/layout/layout_offsets.c libpyusdt/layout/layout_offsets.h \
	libpyusdt/layout/layout_words.c libpyusdt/layout/layout_words.h \
	libpyusdt/layout/layout_tstate.c libpyusdt/layout/layout_tstate.h \
	libpyusdt/probes/elfnotes.c libpyusdt/probes/elfnotes.h \
	libpyusdt/probes/probes.h \
	libpyusdt/code/codelist.c libpyusdt/code/codelist.h \
	libpyusdt/code/codemeta.c libpyusdt/code/codemeta.h \
	libpyusdt/code/codetable.c libpyusdt/code/codetable.h \
	libpyusdt/code/filters.c libpyusdt/code/filters.h \
	libpyusdt/code/glob.c libpyusdt/code/glob.h \
	libpyusdt/value/callable_names.c libpyusdt/value/callable_names.h \
	libpyusdt/value/format.c libpyusdt/value/format.h \
	libpyusdt/value/value_options.c libpyusdt/value/value_options.h \
	libpyusdt/events/events.c libpyusdt/events/events.h libpyusdt/events/events.def \
	libpyusdt/base/closure.c libpyusdt/base/closure.h \
	libpyusdt/base/monotonic.h \
	libpyusdt/base/objtable.c libpyusdt/base/objtable.h \
	libpyusdt/base/pycompat.c libpyusdt/base/pycompat.h \
	libpyusdt/base/pyobject.c libpyusdt/base/pyobject.h \
	libpyusdt/base/safe_read.c libpyusdt/base/safe_read.h \
	libpyusdt/base/text.c libpyusdt/base/text.h \
	libpyusdt/base/thread.c libpyusdt/base/thread.h \
	libpyusdt/base/ticketlock.c libpyusdt/base/ticketlock.h \
	libpyusdt/base/weakwatch.c libpyusdt/base/weakwatch.h

noinst_LTLIBRARIES += libpyusdt/libpyusdt-probes.la
libpyusdt_libpyusdt_probes_la_SOURCES = libpyusdt/probes/probes.c
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

EXTRA_DIST += libpyusdt/libpyusdt.sym libpyusdt/probes/usdt/usdt.h
