# SPDX-License-Identifier: BSD-2-Clause
"""Containers by chance, shown as repr() shows them if they fit."""


def items():
    return random.choices(SCALARS, k=random.randrange(9))


def pairs():
    return zip(items(), items())


for make in (list, tuple, set, frozenset, lambda x: dict(pairs())):
    for i in range(2000):
        container = make(items())
        text = repr(container)
        same(value(container, 4096), text)
        if len(text.encode()) < 256:
            same(value(container), text)
for o in ([], (), {}, set(), frozenset()):
    same(value(o), repr(o))
same(value((1,)), "(1,)")
