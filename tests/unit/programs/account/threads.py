# SPDX-License-Identifier: BSD-2-Clause
"""Threads that have ended when it is told, and one that has not."""

core.enable(core.PROFILE)
core.watch(core.PROFILE)
core.poll()
gate, ready = threading.Event(), threading.Event()


def wait():
    work["recurse"](3)
    ready.set()
    gate.wait()
    work["recurse"](3)


last = threading.Thread(target=wait)
last.start()
ready.wait()
for _ in range(5):
    many = [threading.Thread(target=work["recurse"], args=(9,)) for _ in range(6)]
    for thread in many:
        thread.start()
    for thread in many:
        thread.join()
core.disable()
gate.set()
last.join()
same(counts(), {"recurse": (304, 0, 0), "leaf": (304, 0, 0)})
