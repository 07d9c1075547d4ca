# SPDX-License-Identifier: BSD-2-Clause
"""Ten thousand code objects, each found until it goes."""

codes = [new(f"f{i}") for i in range(10_000)]
ids = [add_id(c) for c in codes]
same(count(), 10_000)
same(len(set(ids)), 10_000)
same([find(c) for c in codes], ids)
del codes[::2]
same(count(), 5_000)
same([find(c) for c in codes], ids[1::2])
del codes[:]
same(count(), 0)
