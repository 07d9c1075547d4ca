# SPDX-License-Identifier: BSD-2-Clause
"""A table that was cleared takes code objects anew, under new ids."""

codes = [new() for i in range(500)]
first = [add_id(c) for c in codes]
clear()
same(count(), 0)
assert not any(find(c) for c in codes)
codes = codes[:250]
second = [add_id(c) for c in codes]
assert min(second) > max(first)
same(count(), 250)
del codes
same(count(), 0)
clear()
clear()
