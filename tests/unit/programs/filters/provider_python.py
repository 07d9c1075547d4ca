# SPDX-License-Identifier: BSD-2-Clause
"""The filters hold for the probes of the provider python as well."""


def run(function):
    core.clear()
    function()
    return [(r[0], *r[2:]) for r in core.records(function.__code__.co_filename)]


everything = run(wanted)
same(run(other), everything)
same(len({r[0] for r in everything}), 3)
same(core.filters("", "file:/src/o*"), 0)
for i in range(3):
    same(run(other), [])
    same(run(wanted), everything)
same(core.filters("", "file:/src/w*"), 0)
same(run(wanted), [])
same(run(other), everything)
same(core.filters("", "*"), 0)
count_calls()
other()
calls.clear()
other()
same({name for name, *_ in calls}, {"PY_THROW", "PY_UNWIND"})
