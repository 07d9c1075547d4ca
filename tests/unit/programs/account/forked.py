# SPDX-License-Identifier: BSD-2-Clause
"""A child begins with nothing; what the parent had not told yet it tells itself."""

import os

core.enable(core.PROFILE)
core.watch(core.PROFILE)
core.poll()


def fork_within(n):
    if n:
        return fork_within(n - 1)
    return os.fork()


work["recurse"](9)
pid = fork_within(4)
work["leaf"]()
core.disable()
found = counts()
if not pid:
    os._exit(found != {"leaf": (1, 0, 0)})
same(found, {"recurse": (10, 0, 0), "leaf": (11, 0, 0)})
same(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
# The functions that were open when it forked are the parent's calls.
same(counts("account/forked.py"), {})
