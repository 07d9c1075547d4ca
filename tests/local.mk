EXTRA_DIST += tests/run.py
