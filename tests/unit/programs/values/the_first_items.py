# SPDX-License-Identifier: BSD-2-Clause
"""Of long containers the first items are shown, and how many more there are."""

for n in (8, 9, 10, 1000, 100_000):
    first = ", ".join(map(str, range(8)))
    if n > 8:
        first += f", ... {n - 8} more"
    same(value(list(range(n))), f"[{first}]")
    same(value(tuple(range(n))), f"({first})")
    same(value(set(range(n))), f"{{{first}}}")
    same(value(frozenset(range(n))), f"frozenset({{{first}}})")
    pairs = first.replace(",", ": 0,", 7)
    if n == 8:
        pairs += ": 0"
    else:
        pairs = pairs.replace(", ...", ": 0, ...")
    same(value(dict.fromkeys(range(n), 0)), f"{{{pairs}}}")
