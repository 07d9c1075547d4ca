# SPDX-License-Identifier: BSD-2-Clause
"""Containers within containers are shown by their length, however deep they are."""

for o, want in (
    (
        [[1], [], (1, 2), (), {1: 2}, {}, {3}, set()],
        "[<list of 1>, [], <tuple of 2>, (), <dict of 1>, {}, " "<set of 1>, set()]",
    ),
    (({},), "({},)"),
    (({1: 1},), "(<dict of 1>,)"),
    ({(1, 2): [3]}, "{<tuple of 2>: <list of 1>}"),
    ({(): []}, "{(): []}"),
    ({frozenset({1, 2})}, "{<frozenset of 2>}"),
    (frozenset({frozenset()}), "frozenset({frozenset()})"),
    ([[[[]]]], "[<list of 1>]"),
    ([[0] * 100_000], "[<list of 100000>]"),
):
    same(value(o), want)
a = []
a.append(a)
same(value(a), "[<list of 1>]")
d = {}
d["self"] = d
same(value(d), "{'self': <dict of 1>}")
t = ([],)
t[0].append(t)
same(value(t), "(<list of 1>,)")
deep = []
for i in range(100_000):
    deep = [deep]
same(value(deep), "[<list of 1>]")
while deep:
    deep = deep.pop()
