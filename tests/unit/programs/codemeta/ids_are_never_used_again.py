# SPDX-License-Identifier: BSD-2-Clause
"""Code objects one after the other, many at the address of one before."""

seen = set()
addresses = set()
last = 0
for i in range(1000):
    c = new()
    number = add_id(c)
    assert number > last and number not in seen
    same(find(c), number)
    last = number
    seen.add(number)
    addresses.add(id(c))

# Otherwise this tested nothing.
import os

assert len(addresses) < 1000 or "PYTHONMALLOC" in os.environ
