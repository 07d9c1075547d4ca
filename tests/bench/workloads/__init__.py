# SPDX-License-Identifier: BSD-2-Clause
"""Programs to measure. Each module has run(size), whose work is in proportion to size.

A size of 1 takes about 5 million instructions of CPython 3.13. What run() returns depends on the size
only, so that two ways of running it can be compared.
"""

NAMES = "fib", "objects", "coroutines", "documents", "text", "threads", "lines"
