# SPDX-License-Identifier: BSD-2-Clause
"""A table that grows and shrinks by chance, held against a dict."""

import random

r = random.Random(2)
alive = {}
for step in range(20_000):
    if len(alive) < r.choice((20, 40, 200)):
        c = new()
        alive[id(c)] = c, add_id(c)
        del c
    else:
        del alive[r.choice(list(alive))]
    if step % 50 == 0:
        same([find(c) for c, n in alive.values()], [n for c, n in alive.values()])
    same(count(), len(alive))
