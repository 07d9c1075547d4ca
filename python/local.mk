pkgpythondir = $(pythondir)/pyusdt
python_package = \
	python/pyusdt/__init__.py \
	python/pyusdt/__init__.pyi \
	python/pyusdt/__main__.py \
	python/pyusdt/_pyusdt.pyi \
	python/pyusdt/amounts.py \
	python/pyusdt/api.py \
	python/pyusdt/arming.py \
	python/pyusdt/cli.py \
	python/pyusdt/commandline.py \
	python/pyusdt/events.py \
	python/pyusdt/failure.py \
	python/pyusdt/files.py \
	python/pyusdt/flags.py \
	python/pyusdt/presets.py \
	python/pyusdt/py.typed \
	python/pyusdt/run.py
python_bpftrace = \
	python/pyusdt/bpftrace/__init__.py \
	python/pyusdt/bpftrace/escaping.py \
	python/pyusdt/bpftrace/hexnumbers.py \
	python/pyusdt/bpftrace/records.py \
	python/pyusdt/bpftrace/script.py \
	python/pyusdt/bpftrace/stackline.py \
	python/pyusdt/bpftrace/textform.py
python_lines = \
	python/pyusdt/lines/__init__.py \
	python/pyusdt/lines/codeobject.py \
	python/pyusdt/lines/current.py \
	python/pyusdt/lines/kept.py \
	python/pyusdt/lines/locations.py \
	python/pyusdt/lines/nested.py \
	python/pyusdt/lines/places.py
python_profiling = \
	python/pyusdt/profiling/__init__.py \
	python/pyusdt/profiling/formats.py \
	python/pyusdt/profiling/model.py \
	python/pyusdt/profiling/output.py \
	python/pyusdt/profiling/pprof.py \
	python/pyusdt/profiling/pstatsfile.py \
	python/pyusdt/profiling/recording.py \
	python/pyusdt/profiling/running.py \
	python/pyusdt/profiling/session.py \
	python/pyusdt/profiling/stackfiles.py \
	python/pyusdt/profiling/table.py
python_rendering = \
	python/pyusdt/rendering/__init__.py \
	python/pyusdt/rendering/csvtables.py \
	python/pyusdt/rendering/description.py \
	python/pyusdt/rendering/differences.py \
	python/pyusdt/rendering/grouping.py \
	python/pyusdt/rendering/jsonlines.py \
	python/pyusdt/rendering/marks.py \
	python/pyusdt/rendering/model.py \
	python/pyusdt/rendering/renderer.py \
	python/pyusdt/rendering/screen.py \
	python/pyusdt/rendering/snapshots.py \
	python/pyusdt/rendering/text.py \
	python/pyusdt/rendering/top.py \
	python/pyusdt/rendering/widths.py
python_stacks = \
	python/pyusdt/stacks/__init__.py \
	python/pyusdt/stacks/command.py \
	python/pyusdt/stacks/differential.py \
	python/pyusdt/stacks/flamegraph.js \
	python/pyusdt/stacks/flamegraph.py \
	python/pyusdt/stacks/folded.py \
	python/pyusdt/stacks/frames.py \
	python/pyusdt/stacks/joining.py \
	python/pyusdt/stacks/options.py \
	python/pyusdt/stacks/pprof.py \
	python/pyusdt/stacks/profileproto.py \
	python/pyusdt/stacks/protobuf.py \
	python/pyusdt/stacks/reading.py \
	python/pyusdt/stacks/sourcelines.py \
	python/pyusdt/stacks/speedscope.py
python_trace = \
	python/pyusdt/trace/__init__.py \
	python/pyusdt/trace/ahead.py \
	python/pyusdt/trace/announcer.py \
	python/pyusdt/trace/command.py \
	python/pyusdt/trace/containers.py \
	python/pyusdt/trace/executables.py \
	python/pyusdt/trace/forerunner.py \
	python/pyusdt/trace/framelines.py \
	python/pyusdt/trace/libraries.py \
	python/pyusdt/trace/library.py \
	python/pyusdt/trace/loading.py \
	python/pyusdt/trace/losses.py \
	python/pyusdt/trace/names.py \
	python/pyusdt/trace/options.py \
	python/pyusdt/trace/output.py \
	python/pyusdt/trace/plain.py \
	python/pyusdt/trace/presentation.py \
	python/pyusdt/trace/printer.py \
	python/pyusdt/trace/processes.py \
	python/pyusdt/trace/program.py \
	python/pyusdt/trace/progress.py \
	python/pyusdt/trace/session.py \
	python/pyusdt/trace/signals.py \
	python/pyusdt/trace/spool.py \
	python/pyusdt/trace/starting.py \
	python/pyusdt/trace/target.py \
	python/pyusdt/trace/topscreen.py \
	python/pyusdt/trace/tracer.py
python_folders = bpftrace lines profiling rendering stacks trace
python_sources = $(python_package) $(python_bpftrace) $(python_lines) \
	$(python_profiling) $(python_rendering) $(python_stacks) $(python_trace)
python_bpftracedir = $(pkgpythondir)/bpftrace
python_linesdir = $(pkgpythondir)/lines
python_profilingdir = $(pkgpythondir)/profiling
python_renderingdir = $(pkgpythondir)/rendering
python_stacksdir = $(pkgpythondir)/stacks
python_tracedir = $(pkgpythondir)/trace
dist_pkgpython_DATA = $(python_package)
dist_python_bpftrace_DATA = $(python_bpftrace)
dist_python_lines_DATA = $(python_lines)
dist_python_profiling_DATA = $(python_profiling)
dist_python_rendering_DATA = $(python_rendering)
dist_python_stacks_DATA = $(python_stacks)
dist_python_trace_DATA = $(python_trace)

# The module finds the library by its soname, so that there is one copy in a process,
# and by the run path that libtool gives it.
pkgpyexecdir = $(pkgpythondir)
pkgpyexec_LTLIBRARIES = python/_pyusdt.la
python__pyusdt_la_SOURCES = python/_pyusdt.c
python__pyusdt_la_LIBADD = libpyusdt/libpyusdt.la
python__pyusdt_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-shrext $(PYTHON_MODULE_SUFFIX) -export-symbols-regex '^PyInit_'
python_module = python/pyusdt/_pyusdt$(PYTHON_MODULE_SUFFIX)

# A package that can be imported from the build tree: the module beside its sources.
$(python_module): python/_pyusdt.la Makefile
	$(AM_V_GEN)for folder in $(python_folders); do \
		$(MKDIR_P) python/pyusdt/$$folder || exit 1; \
	done && \
	for file in $(python_sources); do \
		test -f $$file || $(LN_S) -f $(abs_srcdir)/$$file $$file || exit 1; \
	done && \
	$(LN_S) -f ../.libs/_pyusdt$(PYTHON_MODULE_SUFFIX) $@
noinst_DATA += $(python_module)
CLEANFILES += $(python_module)

# As it is installed, see compile-installed: what is measured and tested here starts as fast.
python_bytecode = python/bytecode.stamp
$(python_bytecode): $(python_sources) $(python_module)
	$(AM_V_GEN)$(PYTHON) -m compileall -q $(abs_builddir)/python/pyusdt && touch $@
noinst_DATA += $(python_bytecode)
CLEANFILES += $(python_bytecode)

clean-local:
	rm -rf python/pyusdt/__pycache__ python/pyusdt/*/__pycache__

# As with the scripts in bt/: one for the build tree, another is installed.
commands = python/pyusdt-stacks python/pyusdt-trace
command_edit = $(SED) -e 's|@PYTHON[@]|$(PYTHON)|' -e "s|@PYTHONDIR[@]|$$package|" \
	-e "s|@BTDIR[@]|$$scripts|" -e "s|@ATTACH[@]|$$attach|"

$(commands): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) python && \
	package=$(abs_builddir)/python; scripts=$(abs_builddir)/bt; \
	attach=$(abs_builddir)/tools/attach/pyusdt-attach; \
	$(command_edit) $(srcdir)/$@.in >$@.tmp && chmod +x $@.tmp && mv $@.tmp $@
noinst_DATA += $(commands)
CLEANFILES += $(commands)
EXTRA_DIST += $(commands:=.in)

distclean-local:
	test "$(srcdir)" = . || rm -rf python/pyusdt

install-exec-hook:
	$(MKDIR_P) $(DESTDIR)$(bindir)
	package=$(pythondir); scripts=$(btdir); attach=$(bindir)/pyusdt-attach; \
	for command in $(commands); do \
		target=$(DESTDIR)$(bindir)/`basename $$command`; \
		$(command_edit) $(srcdir)/$$command.in >$$target && chmod 755 $$target || exit 1; \
	done
	rm -f $(DESTDIR)$(pkgpyexecdir)/_pyusdt.la

# Who may not write there would compile it anew at each start, which takes several times as long
# as all the rest.
compile_package = $(PYTHON) -m compileall -q -s "$(DESTDIR)" -p /

install-data-hook: compile-installed
compile-installed:
	$(compile_package) "$(DESTDIR)$(pkgpythondir)"

# For a further interpreter, after make install, with the very same files:
# make install-python PYTHON=python3.N, or PYTHONSITE=DIR for another place than its own.
install-python:
	@module=$(DESTDIR)$(pkgpyexecdir)/_pyusdt$(PYTHON_MODULE_SUFFIX); \
	site='$(PYTHONSITE)'; \
	test -f "$$module" || { echo "install-python: run make install first"; exit 1; }; \
	test -n "$$site" || site=`$(PYTHON) -c 'import sys, sysconfig; \
		sys.version_info >= (3, 12) or sys.exit("pyusdt needs CPython 3.12 or later"); \
		print(sysconfig.get_path("platlib"))'` || exit 1; \
	echo "installing in $$site/pyusdt"; \
	for folder in $(python_folders); do \
		$(MKDIR_P) "$(DESTDIR)$$site/pyusdt/$$folder" || exit 1; \
	done && \
	$(INSTALL_PROGRAM) "$$module" "$(DESTDIR)$$site/pyusdt" && \
	for file in $(python_sources); do \
		$(INSTALL_DATA) $(srcdir)/$$file "$(DESTDIR)$$site/$${file#python/}" || exit 1; \
	done && \
	$(compile_package) "$(DESTDIR)$$site/pyusdt"

uninstall-hook:
	for command in $(commands); do \
		rm -f $(DESTDIR)$(bindir)/`basename $$command`; \
	done
	rm -f $(DESTDIR)$(pkgpyexecdir)/_pyusdt$(PYTHON_MODULE_SUFFIX)
	for folder in $(python_folders:%=/%) ""; do \
		rm -rf $(DESTDIR)$(pkgpythondir)$$folder/__pycache__; \
		rmdir $(DESTDIR)$(pkgpythondir)$$folder 2>/dev/null || :; \
	done

.PHONY: compile-installed install-python
