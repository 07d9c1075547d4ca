# SPDX-License-Identifier: BSD-2-Clause
"""All tool ids are taken by others, until one is free again."""

M.free_tool_id(4)
for i in range(6):
    M.use_tool_id(i, "other")
before = state()
for i in range(2):
    same(core.poll(), -16)
    same(core.enable(core.LINE), -16)
    same(state(), before)
M.free_tool_id(1)
same(core.poll(), 1)
same(one(1)[:3], ("pyusdt", {"LINE"}, {"LINE"}))
M.free_tool_id(1)
M.use_tool_id(1, "other")
same((core.disable(), core.enabled()), (0, 0))
same([M.get_tool(i) for i in range(6)], ["other"] * 6)
