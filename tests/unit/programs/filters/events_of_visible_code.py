# SPDX-License-Identifier: BSD-2-Clause
"""Lines are an event of the code that is let in, and of no other; other tools keep theirs."""

MEETING = {"PY_START", "PY_RESUME", "PY_THROW"}
codes = {"wanted": wanted.__code__, "other": other.__code__}


def have(tool):
    return [named(M.get_local_events(tool, code)) for code in codes.values()]


def line(code, number):
    lines.append(code.co_filename)


lines = []
M.use_tool_id(1, "mine")
M.register_callback(1, E.LINE, line)
for code in codes.values():
    M.set_local_events(1, code, E.LINE)
before = registered(4), events(4)

same(core.enable(core.LINE | core.BRANCH | core.PY_RETURN), 0)
core.watch(core.LINE)
same(core.poll(), 1)
same((events(4), have(4)), ({"LINE"}, [set(), set()]))
everything = run(wanted)
same(run(other), everything)

# Where code is known, it follows at once; the frame that runs now does, too.
same(core.filters("wanted.*"), 0)
same((events(4), have(4)), (MEETING, [{"LINE"}, set()]))
same(named(M.get_local_events(4, sys._getframe().f_code)), set())
same((run(other), run(wanted)), ([], everything))
same(core.poll(), 0)
same(core.filters("other"), 0)
same(have(4), [set(), set()])
same(core.filters("other.*,__main__.*"), 0)
same((events(4), have(4)), (MEETING, [set(), {"LINE"}]))
same(named(M.get_local_events(4, sys._getframe().f_code)), {"LINE"})
same((run(wanted), run(other)), ([], everything))
same(have(1), [{"LINE"}, {"LINE"}])

# Other events beside it are global as ever, or local as lines are.
core.watch(core.LINE | core.BRANCH | core.PY_RETURN)
same(core.poll(), 1)
same((events(4), have(4)), (MEETING | {"PY_RETURN"}, [set(), needed("LINE", "BRANCH")[0]]))
core.watch(core.PY_RETURN)
same(core.poll(), 1)
same((events(4), have(4)), ({"PY_RETURN"}, [set(), set()]))
core.watch(core.LINE)
same(core.poll(), 1)
same((events(4), have(4)), (MEETING, [set(), {"LINE"}]))

# Without filters they are global again.
same(core.filters(), 0)
same((events(4), have(4)), ({"LINE"}, [set(), set()]))
same((run(wanted), run(other)), (everything, everything))
same(core.filters("wanted.*"), 0)
core.watch(0)
same(core.poll(), 1)
same((events(4), have(4)), (set(), [set(), set()]))
core.watch(core.LINE)
same(core.poll(), 1)
same(have(4), [{"LINE"}, set()])
same(core.disable(), 0)
same((registered(4), events(4), have(4)), (*before, [set(), set()]))

# The other tool has seen each line of each of the runs.
same(have(1), [{"LINE"}, {"LINE"}])
runs = [lines.count(code.co_filename) for code in codes.values()]
in_work = [r[1] for r in everything].count("work")
same(runs, [4 * in_work] * 2)
