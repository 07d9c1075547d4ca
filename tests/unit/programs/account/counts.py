# SPDX-License-Identifier: BSD-2-Clause
"""All figures of the workload hold together."""

core.enable(core.PROFILE)
core.watch(core.PROFILE)
core.poll()
work["run"]()
core.disable()
figures = {name: figure for name, [figure] in told().items()}
same({n: f.counts() for n, f in figures.items()}, work["COUNTS"])
for name, figure in figures.items():
    function = work["Thing"].method if "." in name else work[name]
    assert figure.line == function.__code__.co_firstlineno
    # The longest is one of those in the total, but for those within another.
    assert 0 < figure.own <= figure.total and 0 < figure.max <= figure.total, name
run = figures["run"]
assert run.max == run.total
# One tick may be lost with each.
own = sum(figure.own for figure in figures.values())
assert abs(own - run.total) <= len(figures) + run.total / 1000, (own, run.total)
assert len({figure.code_id for figure in figures.values()}) == len(figures)
