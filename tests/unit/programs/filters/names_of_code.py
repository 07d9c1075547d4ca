# SPDX-License-Identifier: BSD-2-Clause
"""The names of code that is left out are told when it is let in."""


def announced():
    found = [
        r[5]
        for file in ("/src/wanted.py", "/src/other.py")
        for r in core.records(file)
        if r[0] == "CODE"
    ]
    core.clear()
    return found


wanted()
other()
same(announced(), ["work"])
core.watch(core.PY_START)
core.poll()
core.watch(core.PY_START | core.CODE)
core.poll()
same(announced(), ["work"])

# Now others are told: before their first event.
same(core.filters("wanted.*"), 0)
wanted()
other()
same(
    [
        r[:1] + r[5:6] if r[0] == "CODE" else r[:2]
        for r in core.records("/src/wanted.py")
        if "resumed" in r
    ],
    [("CODE", "resumed")] + [("PY_START", "resumed")] * 2,
)
announced()
core.watch(core.PY_START)
core.poll()
core.watch(core.PY_START | core.CODE)
core.poll()
same(announced(), ["work", "resumed", "raising", "delegating"])
