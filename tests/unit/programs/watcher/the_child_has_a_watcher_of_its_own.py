# SPDX-License-Identifier: BSD-2-Clause
"""In a forked child the watcher follows tracers, ends and starts."""


def in_child():
    until(core.watcher)
    core.watch(core.LINE)
    until(lambda: events(4) == {"LINE"})
    core.watch(0)
    until(lambda: events(4) == set())
    same(core.disable(), 0)
    same(core.watcher(), 0)
    same(core.enable(core.CALL), 0)
    os._exit(3)


child = os.fork()
if not child:
    try:
        in_child()
    finally:
        os._exit(99)
same(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 3)
until(core.watcher)
same((core.enabled(), events(4)), (core.ALL, set()))
