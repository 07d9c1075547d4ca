# SPDX-License-Identifier: BSD-2-Clause
"""A tracer leaves between the fork's beginning and its end: both processes see it."""

os.register_at_fork(before=lambda: core.watch(0))


def nothing():
    return not events(4)


same(core.enable(core.ALL), 0)
same(core.configure(1), 0)
core.watch(core.PY_START)
until(lambda: events(4) == {"PY_START"})
child = os.fork()
if not child:
    until(nothing)
    os._exit(0)
until(nothing)
same(os.waitpid(child, 0)[1], 0)
