# One program per area. They are the core plus a recorder in place of the probe sites, and
# embed the configured CPython.
if BUILD_UNIT_TESTS

unit_programs = \
	tests/unit/check_account \
	tests/unit/check_alloc \
	tests/unit/check_announce \
	tests/unit/check_announcer \
	tests/unit/check_api \
	tests/unit/check_attach \
	tests/unit/check_attached \
	tests/unit/check_callable_names \
	tests/unit/check_callbacks \
	tests/unit/check_codelist \
	tests/unit/check_codemeta \
	tests/unit/check_control \
	tests/unit/check_elf64 \
	tests/unit/check_elfnotes \
	tests/unit/check_events \
	tests/unit/check_filters \
	tests/unit/check_format \
	tests/unit/check_glob \
	tests/unit/check_layout \
	tests/unit/check_lifecycle \
	tests/unit/check_look \
	tests/unit/check_monitoring \
	tests/unit/check_objtable \
	tests/unit/check_options \
	tests/unit/check_runtime \
	tests/unit/check_text \
	tests/unit/check_values \
	tests/unit/check_watcher \
	tests/unit/check_words
check_PROGRAMS += $(unit_programs)
TESTS += $(unit_programs)

unit_cflags = $(AM_CFLAGS) $(CHECK_CFLAGS)
unit_libs = tests/unit/libsupport.la libpyusdt/libpyusdt-core.la $(CHECK_LIBS) \
	$(PYTHON_EMBED_LIBS) -lpthread

# The stdlib of that CPython, wherever another one on PATH has its own.
unit_pythonhome = `$(PYTHON) -c 'import sys; print(sys.base_prefix, sys.base_exec_prefix, sep=":")'`

check_LTLIBRARIES += tests/unit/libsupport.la
tests_unit_libsupport_la_SOURCES = \
	tests/unit/fake_probes.c tests/unit/fake_probes.h \
	tests/unit/pycore.c tests/unit/pycore.h \
	tests/unit/support.c tests/unit/support.h
tests_unit_libsupport_la_CPPFLAGS = $(AM_CPPFLAGS) \
	-DTEST_PYTHONHOME=\"$(unit_pythonhome)\" \
	-DTEST_PROGRAMS=\"$(abs_srcdir)/tests/unit/programs\"
tests_unit_libsupport_la_CFLAGS = $(unit_cflags)

# The calls of the core that can fail go through tests/unit/failing.c.
unit_failing = malloc calloc strdup free opendir pthread_create \
	PyBytes_FromStringAndSize PyCapsule_New PyDict_New PyDict_SetItemString \
	PyEval_EvalCode PyFrame_GetVar PyImport_ImportModule PyIter_Next PyList_Append \
	PyList_SetSlice PyOS_double_to_string PyObject_Call PyObject_CallFunction \
	PyObject_CallMethod PyObject_CallNoArgs PyObject_GenericGetDict \
	PyObject_GetAttrString PyObject_GetIter PyObject_Repr PySequence_GetItem \
	PyThreadState_New PyTuple_New PyType_FromSpec PyType_GetName PyType_GetQualName \
	PyUnicode_AsASCIIString PyUnicode_AsEncodedString \
	PyUnicode_FromString PyUnicode_Substring PyWeakref_NewRef Py_AddPendingCall \
	Py_CompileString _PyObject_CallFunction_SizeT _PyObject_CallMethod_SizeT \
	_PyObject_New
tests_unit_check_alloc_SOURCES = \
	tests/unit/check_alloc.c tests/unit/failing.c tests/unit/failing.h
tests_unit_check_alloc_LDFLAGS = $(AM_LDFLAGS) \
	`for name in $(unit_failing); do printf -- '-Wl,--wrap=%s ' $$name; done`

tests_unit_check_alloc_CFLAGS = $(unit_cflags) -Wno-missing-prototypes
tests_unit_check_alloc_LDADD = $(unit_libs)
tests_unit_check_account_CFLAGS = $(unit_cflags)
tests_unit_check_account_LDADD = $(unit_libs)
tests_unit_check_api_CFLAGS = $(unit_cflags)
tests_unit_check_api_LDADD = $(unit_libs)
# Of tools/attach what needs no other process.
tests_unit_check_attach_CFLAGS = $(unit_cflags)
tests_unit_check_attach_LDADD = tools/attach/libattach.la $(announce_libs)
tests_unit_check_attached_CFLAGS = $(unit_cflags)
tests_unit_check_attached_LDADD = $(unit_libs)
tests_unit_check_callbacks_CFLAGS = $(unit_cflags)
tests_unit_check_callbacks_LDADD = $(unit_libs)
# What happens while the walker has let go of the lock.
tests_unit_check_codelist_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pthread_mutex_unlock
tests_unit_check_codelist_CFLAGS = $(unit_cflags) -Wno-missing-prototypes
tests_unit_check_codelist_LDADD = $(unit_libs)
tests_unit_check_callable_names_CFLAGS = $(unit_cflags)
tests_unit_check_callable_names_LDADD = $(unit_libs)
# How many keys of a dict are looked at.
tests_unit_check_codemeta_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=PyDict_Next
tests_unit_check_codemeta_CFLAGS = $(unit_cflags) -Wno-missing-prototypes
tests_unit_check_codemeta_LDADD = $(unit_libs)
tests_unit_check_control_CFLAGS = $(unit_cflags)
tests_unit_check_control_LDADD = $(unit_libs)
tests_unit_check_events_CFLAGS = $(unit_cflags)
tests_unit_check_events_LDADD = $(unit_libs)
# What happens between a callback's look at the filters and its answer.
tests_unit_check_filters_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=interp_refuse
tests_unit_check_filters_CFLAGS = $(unit_cflags) -Wno-missing-prototypes
tests_unit_check_filters_LDADD = $(unit_libs)
tests_unit_check_format_CFLAGS = $(unit_cflags)
tests_unit_check_format_LDADD = $(unit_libs)
tests_unit_check_glob_CFLAGS = $(unit_cflags)
tests_unit_check_glob_LDADD = $(unit_libs)
tests_unit_check_layout_CFLAGS = $(unit_cflags)
tests_unit_check_layout_LDADD = $(unit_libs)
tests_unit_check_lifecycle_CFLAGS = $(unit_cflags)
tests_unit_check_lifecycle_LDADD = $(unit_libs)
tests_unit_check_monitoring_CFLAGS = $(unit_cflags)
tests_unit_check_monitoring_LDADD = $(unit_libs)
# It has probes of the provider python, and says which file is the interpreter's.
tests_unit_check_elfnotes_CPPFLAGS = $(AM_CPPFLAGS) $(USDT_CPPFLAGS)
tests_unit_check_elfnotes_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pycompat_interpreter
tests_unit_check_elfnotes_CFLAGS = $(unit_cflags) $(USDT_CFLAGS) -Wno-missing-prototypes
tests_unit_check_elfnotes_LDADD = $(unit_libs)
tests_unit_check_objtable_CFLAGS = $(unit_cflags)
tests_unit_check_objtable_LDADD = $(unit_libs)
tests_unit_check_options_CFLAGS = $(unit_cflags)
tests_unit_check_options_LDADD = $(unit_libs)
tests_unit_check_runtime_CFLAGS = $(unit_cflags)
tests_unit_check_runtime_LDADD = $(unit_libs)
tests_unit_check_text_CFLAGS = $(unit_cflags)
tests_unit_check_text_LDADD = $(unit_libs)
tests_unit_check_values_CFLAGS = $(unit_cflags)
tests_unit_check_values_LDADD = $(unit_libs)
tests_unit_check_watcher_CFLAGS = $(unit_cflags)
tests_unit_check_watcher_LDADD = $(unit_libs)

# Those of tools/announce: a process' memory is made up.
announce_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/tools/announce
announce_libs = tools/announce/libannounce.la $(unit_libs)
fake_python = tests/unit/fake_python.c tests/unit/fake_python.h \
	tests/unit/fake_remote.c tests/unit/fake_remote.h
tests_unit_check_announce_CPPFLAGS = $(announce_cppflags)
tests_unit_check_announce_CFLAGS = $(unit_cflags)
tests_unit_check_announce_LDADD = $(announce_libs)
tests_unit_check_announcer_SOURCES = tests/unit/check_announcer.c tests/unit/idle_process.h
tests_unit_check_announcer_CPPFLAGS = $(announce_cppflags)
tests_unit_check_announcer_CFLAGS = $(unit_cflags)
tests_unit_check_announcer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=proc_look
tests_unit_check_announcer_LDADD = $(announce_libs)
tests_unit_check_elf64_SOURCES = tests/unit/check_elf64.c $(fake_python)
tests_unit_check_elf64_CPPFLAGS = $(announce_cppflags)
tests_unit_check_elf64_CFLAGS = $(unit_cflags)
tests_unit_check_elf64_LDADD = $(announce_libs)
tests_unit_check_look_SOURCES = tests/unit/check_look.c $(fake_python) tests/unit/memory_image.h
tests_unit_check_look_CPPFLAGS = $(announce_cppflags) -DTEST_SRCDIR=\"$(abs_srcdir)\"
tests_unit_check_look_CFLAGS = $(unit_cflags)
tests_unit_check_look_LDADD = $(announce_libs)
tests_unit_check_words_CFLAGS = $(unit_cflags)
tests_unit_check_words_LDADD = $(announce_libs)

else

TESTS += tests/unit/skip
endif

EXTRA_DIST += tests/unit/programs tests/unit/skip
