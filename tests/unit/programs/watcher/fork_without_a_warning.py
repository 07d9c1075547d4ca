# SPDX-License-Identifier: BSD-2-Clause
"""Forks of a program with a watcher thread: CPython does not warn of it."""

import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for i in range(20):
        child = os.fork()
        if not child:
            os._exit(7)
        same(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 7)
same([str(w.message) for w in caught], [])
until(core.watcher)
core.watch(core.LINE)
until(lambda: events(4) == {"LINE"})
