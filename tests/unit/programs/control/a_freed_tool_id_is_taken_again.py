# SPDX-License-Identifier: BSD-2-Clause
"""The program frees our tool id: each call takes it again."""

import threading


def f():
    pass


core.poll()  # now there is a scope of threads
before = state()
for call, result in (
    (core.poll, 1),
    (lambda: core.enable(core.enabled()), 0),
    (lambda: core.configure(0), 0),
):
    M.free_tool_id(4)
    same(call(), result)
    same(state(), before)
core.clear()
f()
