# SPDX-License-Identifier: BSD-2-Clause
"""The program frees our tool id, or another tool takes it: events of single codes, too."""


def have(tool):
    return [named(M.get_local_events(tool, f.__code__)) for f in (wanted, other)]


everything = run(wanted)
same(core.filters("wanted.*"), 0)
same(run(wanted), everything)

M.free_tool_id(4)
same(core.poll(), 1)
same((M.get_tool(4), have(4)), ("pyusdt", [{"LINE"}, set()]))
same((run(wanted), run(other)), (everything, []))
same(core.filters("other.*"), 0)
same(have(4), [set(), {"LINE"}])
same((run(wanted), run(other)), ([], everything))

M.free_tool_id(4)
M.use_tool_id(4, "another")
# Its own ones: what a tool before it had there, CPython may forget at any time.
for function in wanted, other:
    M.set_local_events(4, function.__code__, E.PY_START)
before = have(4)
same(core.poll(), 1)
same((M.get_tool(3), have(3), have(4)), ("pyusdt", [set(), {"LINE"}], before))
same(core.filters("wanted.*"), 0)
same((have(3), have(4)), ([{"LINE"}, set()], before))
same((run(wanted), run(other)), (everything, []))
same(core.disable(), 0)
same((M.get_tool(3), have(4)), (None, before))
