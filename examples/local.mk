EXTRA_DIST += examples/embed.c examples/report.py examples/sleep.py
