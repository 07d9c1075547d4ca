# Programs that are no part of a traced process.

# What it knows of CPython's versions is the library's. On one line: tests/fuzz reads it.
announce_of_library = libpyusdt/layout/layout_offsets.c libpyusdt/layout/layout_words.c

noinst_LTLIBRARIES += tools/announce/libannounce.la
tools_announce_libannounce_la_SOURCES = $(announce_of_library) \
	$(announce_of_library:.c=.h) \
	tools/announce/announcer.c tools/announce/announcer.h \
	tools/announce/cgroup.c tools/announce/cgroup.h \
	tools/announce/decide.c tools/announce/decide.h \
	tools/announce/elf64.c tools/announce/elf64.h \
	tools/announce/internals.c tools/announce/internals.h \
	tools/announce/json.c tools/announce/json.h \
	tools/announce/list.c tools/announce/list.h \
	tools/announce/look.c tools/announce/look.h \
	tools/announce/maps.c tools/announce/maps.h \
	tools/announce/options.c tools/announce/options.h \
	tools/announce/probe.h \
	tools/announce/proc.c tools/announce/proc.h \
	tools/announce/programs.c tools/announce/programs.h \
	tools/announce/python.c tools/announce/python.h \
	tools/announce/rate.c tools/announce/rate.h \
	tools/announce/records.c tools/announce/records.h \
	tools/announce/remote.c tools/announce/remote.h \
	tools/announce/requests.c tools/announce/requests.h \
	tools/announce/rights.c tools/announce/rights.h \
	tools/announce/rings.c tools/announce/rings.h \
	tools/announce/selection.c tools/announce/selection.h \
	tools/announce/state_key.c tools/announce/state_key.h \
	tools/announce/state_tls.c tools/announce/state_tls.h \
	tools/announce/table.c tools/announce/table.h \
	tools/announce/threads.c tools/announce/threads.h \
	tools/announce/verify.c tools/announce/verify.h \
	tools/announce/visit.c tools/announce/visit.h
tools_announce_libannounce_la_CFLAGS = $(AM_CFLAGS)

pkglibexec_PROGRAMS = tools/announce/pyusdt-announce
tools_announce_pyusdt_announce_SOURCES = tools/announce/main.c tools/announce/probe.c
tools_announce_pyusdt_announce_CPPFLAGS = $(AM_CPPFLAGS) $(USDT_CPPFLAGS)
tools_announce_pyusdt_announce_CFLAGS = $(AM_CFLAGS) $(USDT_CFLAGS)
tools_announce_pyusdt_announce_LDADD = tools/announce/libannounce.la

include tools/attach/local.mk
