EXTRA_DIST += examples/embed.c examples/sleep.py
