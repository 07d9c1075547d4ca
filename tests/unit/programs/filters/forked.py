# SPDX-License-Identifier: BSD-2-Clause
"""A forked child has the filters of its parent, and then its own."""

import posix

same(core.filters("wanted.*"), 0)
same(run(other), [])
everything = run(wanted)
pid = posix.fork()
if not pid:
    try:
        same(run(other), [])
        same(run(wanted), everything)
        same(core.filters("other.*"), 0)
        same(run(other), everything)
        same(run(wanted), [])
        posix._exit(0)
    finally:
        posix._exit(1)
same(posix.waitpid(pid, 0), (pid, 0))
same(run(other), [])
same(run(wanted), everything)
