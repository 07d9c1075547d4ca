# SPDX-License-Identifier: BSD-2-Clause
"""Code that goes is told before it does, and what is at its address is not it."""

core.enable(core.PROFILE)
core.watch(core.PROFILE)
core.poll()
ids = set()
for number in range(300):
    space = {}
    exec(compile(f"def f{number}(): pass\nfor i in range({number % 3}): f{number}()",
                 "account/workload.py", "exec"), space)
    space.clear()  # what it has refers to it
    found = told()
    expected = {"<module>": (1, 0, 0)}
    if number % 3:
        expected[f"f{number}"] = number % 3, 0, 0
    same({name: figure.counts() for name, [figure] in found.items()}, expected)
    ids.update(figure.code_id for [figure] in found.values())
assert len(ids) == 500, len(ids)
core.disable()
same(told(), {})
