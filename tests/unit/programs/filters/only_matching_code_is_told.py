# SPDX-License-Identifier: BSD-2-Clause
"""Filters come, change and go while the events are watched."""

everything = run(wanted)
same(run(other), everything)
same({r[0] for r in everything}, set(core.NAMES) - {"BRANCH_LEFT", "BRANCH_RIGHT"})
same(core.filters("wanted.*"), 0)
for i in range(3):
    same(run(other), [])
    same(run(wanted), everything)
same(core.filters("", "wanted.*"), 0)
for i in range(3):
    same(run(wanted), [])
    same(run(other), everything)
same(core.filters("", "wanted.part.work"), 0)
same(run(wanted), [r for r in everything if r[4] != "work"])
same(core.filters(), 0)
same(run(wanted), everything)
same(run(other), everything)
