# All but main(), for the unit tests. Memory and symbols of a process are read as
# pyusdt-announce does, by its elf64.c and remote.c.
noinst_LTLIBRARIES += tools/attach/libattach.la
tools_attach_libattach_la_SOURCES = \
	tools/attach/clock.h \
	tools/attach/debug_offsets.c tools/attach/debug_offsets.h \
	tools/attach/graft.c tools/attach/graft.h \
	tools/attach/graft_code.c tools/attach/graft_code.h \
	tools/attach/library.c tools/attach/library.h \
	tools/attach/mappings.c tools/attach/mappings.h \
	tools/attach/place.c tools/attach/place.h \
	tools/attach/python.c tools/attach/python.h \
	tools/attach/request.c tools/attach/request.h \
	tools/attach/room.c tools/attach/room.h \
	tools/attach/script.c tools/attach/script.h \
	tools/attach/seccomp.c tools/attach/seccomp.h \
	tools/attach/status.c tools/attach/status.h \
	tools/attach/target.c tools/attach/target.h \
	tools/attach/text.c tools/attach/text.h \
	tools/attach/waiting.c tools/attach/waiting.h
tools_attach_libattach_la_CFLAGS = $(AM_CFLAGS)

# Of the library only what needs no Python: the names of events and of errors.
bin_PROGRAMS += tools/attach/pyusdt-attach
tools_attach_pyusdt_attach_SOURCES = \
	tools/attach/main.c \
	libpyusdt/events/events.c libpyusdt/events/events.h \
	libpyusdt/strerror.c
tools_attach_pyusdt_attach_CPPFLAGS = $(AM_CPPFLAGS) \
	-DPYUSDT_LIBRARY='"$(libdir)/libpyusdt.so.0"'
tools_attach_pyusdt_attach_LDADD = tools/attach/libattach.la tools/announce/libannounce.la
