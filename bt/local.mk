# A script is made from its template: what it shares with others is put in (expand.awk), and
# what is only known here. In the build tree the scripts name the library of the
# build tree; installed ones name the installed library.
btdir = $(pkgdatadir)/bt
bt_templates = \
	bt/pyasync.bt.in \
	bt/pycalls.bt.in \
	bt/pycfunc.bt.in \
	bt/pyexcept.bt.in \
	bt/pyexec.bt.in \
	bt/pyfault.bt.in \
	bt/pyflow.bt.in \
	bt/pygc.bt.in \
	bt/pygil.bt.in \
	bt/pyimport.bt.in \
	bt/pyio.bt.in \
	bt/pylatency.bt.in \
	bt/pylines.bt.in \
	bt/pylock.bt.in \
	bt/pynet.bt.in \
	bt/pyoffcpu.bt.in \
	bt/pyoncpu.bt.in \
	bt/pyoncpu-native.bt.in \
	bt/pyopen.bt.in \
	bt/pyprofile.bt.in \
	bt/pysyscall.bt.in \
	bt/pysyscall-stacks.bt.in \
	bt/pythreads.bt.in \
	bt/sample.bt.in
bt_parts = \
	bt/begin.bth \
	bt/end.bth \
	bt/ending.bth \
	bt/entered.bth \
	bt/executed.bth \
	bt/file.bth \
	bt/find.bth \
	bt/forget.bth \
	bt/frame_text.bth \
	bt/full.bth \
	bt/full_hist.bth \
	bt/function.bth \
	bt/function_text.bth \
	bt/gil.bth \
	bt/hash.bth \
	bt/holder.bth \
	bt/is_ending.bth \
	bt/layout.bth \
	bt/misfits.bth \
	bt/names.bth \
	bt/names_at.bth \
	bt/pad.bth \
	bt/place.bth \
	bt/pop.bth \
	bt/profile_end.bth \
	bt/profile_hit.bth \
	bt/push.bth \
	bt/ran.bth \
	bt/rest_at_exec.bth \
	bt/rest_at_exit.bth \
	bt/rest_calls.bth \
	bt/rest_longest.bth \
	bt/rest_own.bth \
	bt/rest_resumes.bth \
	bt/rest_total.bth \
	bt/row.bth \
	bt/row_names.bth \
	bt/say_full.bth \
	bt/say_unread.bth \
	bt/silence.bth \
	bt/stack.bth \
	bt/stack_types.bth \
	bt/table.bth \
	bt/text.bth \
	bt/ticks_in_ns.bth \
	bt/unread.bth
bt_scripts = $(bt_templates:.bt.in=.bt)
EXTRA_DIST += $(bt_templates) $(bt_parts) bt/expand.awk bt/syscalls.awk
TESTS += bt/check-scripts bt/check-templates
EXTRA_DIST += bt/check-scripts bt/check-templates
noinst_DATA += $(bt_scripts)
CLEANFILES += $(bt_scripts) bt/syscalls.bth

# How many frames of a Python stack are read. To change it: make -B bt_depth=400. The verifier
# of kernel 6.1 takes 192 and refuses 256 (with bpftrace 0.23), that of 6.12 takes 512.
bt_depth = 128

# In task_struct, of the thread.
bt_thread_pointer = `case $(host_cpu) in \
	aarch64) echo thread.uw.tp_value ;; \
	*) echo thread.fsbase ;; \
	esac`

# Where the fields of struct pyusdt_layout are.
bt_header = $(srcdir)/include/pyusdt_layout.h

# To be given $$library, $$announce and $$template.
bt_expand = $(AWK) -v folders="bt $(srcdir)/bt" -v header=$(bt_header) -v library="$$library" -v announce="$$announce" \
	-v depth=$(bt_depth) -v thread_pointer=$(bt_thread_pointer) \
	-f $(srcdir)/bt/expand.awk $(srcdir)/$$template

bt/syscalls.bth: bt/syscalls.awk Makefile
	$(AM_V_GEN)$(MKDIR_P) bt && \
	echo '#include <sys/syscall.h>' | $(CC) $(CPPFLAGS) -E -dM - >$@.macros && \
	$(AWK) -f $(srcdir)/bt/syscalls.awk $@.macros >$@.tmp && \
	rm -f $@.macros && mv $@.tmp $@

$(bt_scripts): %.bt: %.bt.in $(bt_parts) bt/expand.awk bt/syscalls.bth $(bt_header) Makefile
	$(AM_V_GEN)$(MKDIR_P) bt && \
	library=$(abs_builddir)/libpyusdt/.libs/libpyusdt.so.0 template=$@.in; \
	announce=$(abs_builddir)/tools/announce/pyusdt-announce; \
	$(bt_expand) >$@.tmp && chmod +x $@.tmp && mv $@.tmp $@

install-data-hook: bt/syscalls.bth
	$(MKDIR_P) $(DESTDIR)$(btdir)
	library=$(libdir)/libpyusdt.so.0; announce=$(pkglibexecdir)/pyusdt-announce; \
	for template in $(bt_templates); do \
		target=$(DESTDIR)$(btdir)/`basename $$template .in`; \
		$(bt_expand) >$$target && chmod 755 $$target || exit 1; \
	done

uninstall-local:
	for template in $(bt_templates); do \
		rm -f $(DESTDIR)$(btdir)/`basename $$template .in`; \
	done
