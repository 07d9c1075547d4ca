# In the build tree the scripts name the library of the build tree; installed ones name
# the installed library.
btdir = $(pkgdatadir)/bt
bt_templates = \
	bt/pycalls.bt.in \
	bt/pyflow.bt.in \
	bt/pylatency.bt.in \
	bt/sample.bt.in
bt_scripts = $(bt_templates:.bt.in=.bt)
EXTRA_DIST += $(bt_templates)
noinst_DATA += $(bt_scripts)
CLEANFILES += $(bt_scripts)

bt_edit = $(SED) -e 's|@LIBPYUSDT[@]|'"$$library"'|g'

$(bt_scripts): %.bt: %.bt.in Makefile
	$(AM_V_GEN)$(MKDIR_P) bt && \
	library=$(abs_builddir)/libpyusdt/.libs/libpyusdt.so.0; \
	$(bt_edit) $(srcdir)/$@.in >$@.tmp && chmod +x $@.tmp && mv $@.tmp $@

install-data-hook:
	$(MKDIR_P) $(DESTDIR)$(btdir)
	library=$(libdir)/libpyusdt.so.0; \
	for template in $(bt_templates); do \
		target=$(DESTDIR)$(btdir)/`basename $$template .in`; \
		$(bt_edit) $(srcdir)/$$template >$$target && chmod 755 $$target || exit 1; \
	done

uninstall-local:
	for template in $(bt_templates); do \
		rm -f $(DESTDIR)$(btdir)/`basename $$template .in`; \
	done
