# SPDX-License-Identifier: BSD-2-Clause
"""Generators that were suspended before filters or tracers came go on as code that is met."""

SOURCE = """
def generator():
    try:
        yield 1
        yield 2
    except KeyError:
        yield 3
    yield 4
"""


def suspended(module):
    made = make(module, f"/src/{module}.py", SOURCE)["generator"]()
    next(made)
    return made


def lines_of(action):
    core.clear()
    action()
    return [r[3] for r in core.records("/src/in.py") if r[0] == "LINE"]


core.watch(0)
core.poll()
same(core.filters("in.*"), 0)
resumed, thrown, left_out = suspended("in"), suspended("in"), suspended("out")
core.watch(core.LINE)
same(core.poll(), 1)
same(lines_of(lambda: next(resumed)), [5])
same(lines_of(lambda: next(resumed)), [8])
same(lines_of(lambda: thrown.throw(KeyError)), [6, 7])
same(lines_of(lambda: next(left_out)), [])
same(core.records("/src/out.py"), [])
