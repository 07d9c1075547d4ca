dist_man_MANS += \
	man/libpyusdt.3 \
	man/pyusdt-attach.1 \
	man/pyusdt-announce.8 \
	man/pyusdt-probes.7 \
	man/pyusdt-stacks.1 \
	man/pyusdt-trace.1 \
	man/pyusdt.1

TESTS += man/check-events
EXTRA_DIST += man/check-events
