# SPDX-License-Identifier: BSD-2-Clause
"""set_local_events() raises `broken`, which the test has seen to, at one of several codes."""

third = make("third", "/src/third.py", WORK)["work"]
functions = wanted, other, third


def have():
    if not M.get_tool(4):
        return [set()] * 3
    return [named(M.get_local_events(4, f.__code__)) for f in functions]


ALL = [{"LINE"}] * 3
NONE = [set()] * 3
for function in functions:
    function()
same(core.filters("*.part.*,other.*,third.*"), 0)
for error, raised in ((-12, MemoryError()), (-5, ValueError())):
    for number in range(3):
        # They come to be set, one after the other.
        same(core.watch(core.PY_START) or core.poll(), 0)
        core.watch(core.PY_START | core.LINE)
        before = state()
        broken, until = raised, number
        same(core.poll(), error)
        broken = None
        same((state(), have()), (before, NONE))
        same(core.poll(), 1)
        same(have(), ALL)

        # And to be taken back.
        core.watch(core.PY_START)
        before = state()
        broken, until = raised, number
        same(core.poll(), error)
        broken = None
        same((state(), have()), (before, ALL))
        same(core.poll(), 1)
        same(have(), NONE)

        # Code that is entered tries again.
        core.watch(core.PY_START | core.LINE)
        same(core.poll(), 1)
        new = make("third", "/src/new.py", "def f():\n    return 1\ndef g():\n    return 2")
        broken, until = raised, 0
        core.clear()
        new["f"]()
        broken = None
        new["f"]()
        new["g"]()
        same(
            [(r[0], r[1]) for r in core.records("/src/new.py")],
            [(event, "f") for event in ("PY_START", "PY_START", "LINE")]
            + [(event, "g") for event in ("PY_START", "LINE")],
        )
        core.watch(core.PY_START)
        same(core.poll(), 1)
