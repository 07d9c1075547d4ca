# SPDX-License-Identifier: BSD-2-Clause
"""Code objects whose places in the table are near each other, deleted in every order."""

import itertools

spread = []


def take(homes):
    while True:
        for i, c in enumerate(spread):
            if hash_of(c) & 63 in homes:
                return spread.pop(i)
        spread.extend(new() for i in range(100))


def one(homes, order):
    codes = {i: take(homes) for i in order}
    ids = {i: add_id(c) for i, c in codes.items()}
    for i in order:
        del codes[i]
        same([find(c) for c in codes.values()], [ids[j] for j in codes])
        same(count(), len(codes))


for homes in ((7,), (63, 0), (62, 63), (5, 6, 7)):
    for order in itertools.permutations(range(5)):
        one(homes, order)
