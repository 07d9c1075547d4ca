# SPDX-License-Identifier: BSD-2-Clause
"""Filters change while restart_events() raises `broken`, which the test has seen to."""

same(core.filters("wanted.*"), 0)
same(run(other), [])
broken = MemoryError()
same(core.filters(), 0)
core.watch(core.PY_START | core.LINE | core.GC_START)
before = state()
for error, broken in ((-12, MemoryError()), (-5, ValueError())):
    same(core.poll(), error)
    same(core.enable(core.PY_START | core.LINE), error)
    same(state(), before)
broken = None
same(core.poll(), 1)
same(events(4), {"PY_START", "LINE"})
assert run(other)
