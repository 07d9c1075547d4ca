# SPDX-License-Identifier: BSD-2-Clause
"""Jumps and branches lead from one instruction to another: back, and on."""

import dis


def f(n):
    while n:
        n -= 1


offsets = {i.offset for i in dis.get_instructions(f)}
core.enable(core.ALL)
core.watch(core.JUMP | core.BRANCH)
core.poll()
f(3)
core.watch(0)
core.poll()
got = [r for r in core.records(f.__code__.co_filename) if r[1] == "f"]
same([r[0] for r in got if r[9] > r[4]], ["BRANCH"] * 4)
same({r[0] for r in got if r[9] < r[4]}, {"JUMP"})
assert {r[4] for r in got} | {r[9] for r in got} <= offsets
same({(r[3], r[5]) for r in got}, {(f.__code__.co_firstlineno, None)})
