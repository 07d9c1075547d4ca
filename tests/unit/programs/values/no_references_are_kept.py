# SPDX-License-Identifier: BSD-2-Clause
"""No object has more references after it was shown than before."""

import functools, types


class Key:
    pass


def function():
    pass


items = [Key, Key(), 10**40, "x" * 99, b"x" * 99, 1.5, function, (1, 2), [1]]
made = [
    items,
    tuple(items),
    set(items[:7]),
    frozenset(items[:7]),
    dict(zip(items[:7], items)),
    functools.partial(function, items),
    [items],
    types.MethodType(function, items),
    items * 5,
    functools.partial(types.MethodType(function, 1)),
]
error = KeyError(*items)


def counts():
    return [sys.getrefcount(o) for o in (*items, *made, error.args)]


def run():
    for i in range(100):
        for o in made:
            for kind in ("value", "callable", "repr"):
                core.format(kind, o, 256)
        exception(error)


run()
counts()
before = counts()
run()
same(counts(), before)
