# SPDX-License-Identifier: BSD-2-Clause
"""Code that has events of its own goes with them, and other code takes its address."""

import gc

same(core.filters("dying.*"), 0)
addresses = set()
for number in range(500):
    made = make("dying", "/src/dying.py", "def work():\n    return 1")["work"]
    same([r[0] for r in run(made)], ["LINE"])
    addresses.add(id(made.__code__))
    if number % 100 == 50:
        same(core.filters("dying.*,x"), 0)
        same(core.filters("dying.*"), 0)
    del made
    gc.collect(0)
assert len(addresses) < 500
same(core.filters(), 0)
same(core.filters("nothing"), 0)
same(core.filters("dying.*"), 0)
