# SPDX-License-Identifier: BSD-2-Clause
"""Arms in three interpreters at once, which then end."""

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import threading

source = """if True:
    import core, sys
    assert core.enable(core.ALL) == 0
    def own(n): return n
    for i in range(500): own(i)
    assert core.poll() in (0, 1)
    core.note(core.enabled())
"""
core.configure(1)
core.watch(core.PY_START)
ids = [interpreters.create() for i in range(3)]
threads = [threading.Thread(target=interpreters.run_string, args=(i, source)) for i in ids]
[t.start() for t in threads]
[t.join() for t in threads]
[interpreters.destroy(i) for i in ids]
assert core.enabled() == 0
