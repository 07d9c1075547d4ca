# SPDX-License-Identifier: BSD-2-Clause
"""Calls each of 100,000 functions twice, with a second between, in which they are told."""

import time

COUNT = 100_000

space = {}
# Compiled a thousand at a time: the compiler's own memory is not to be that of all.
for first in range(0, COUNT, 1000):
    source = "".join(f"def f{n}(): pass\n" for n in range(first, first + 1000))
    exec(compile(source, __file__, "exec"), space)
functions = [space[f"f{n}"] for n in range(COUNT)]
for pause in 2, 0:
    for function in functions:
        function()
    time.sleep(pause)
