# SPDX-License-Identifier: BSD-2-Clause
"""Arming and disarming around a program leaves nothing behind, in memory neither."""


def g():
    yield 1


def f():
    return list(g())


def cycle(n):
    for i in range(n):
        assert core.enable(core.ALL) == 0
        f()
        assert core.disable() == 0


def blocks():
    gc.collect()
    return sys.getallocatedblocks()


import gc

cycle(20)
before = state()

# CPython's own free lists fill up at first.
grown = []
for i in range(3):
    start = blocks()
    cycle(1000)
    grown.append(blocks() - start)
same(state(), before)
assert min(grown) < 500, grown
