# SPDX-License-Identifier: BSD-2-Clause
"""What filters left out is told when they let it in while no tracer was there."""

everything = run(other)
assert everything
same(core.filters("wanted.*"), 0)
same(run(other), [])
core.watch(0)
same(core.poll(), 1)
same(core.filters(), 0)
same(run(other), [])
core.watch(core.PY_START)
core.poll()
same(run(other), everything)
