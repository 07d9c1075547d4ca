# SPDX-License-Identifier: BSD-2-Clause
"""The frames that the layout leads to are those that Python tells."""

same(walk(), told())


class C:
    def method(self):
        return walk(), told()


def generator():
    yield C().method()


def deep(n):
    return deep(n - 1) if n else next(generator())


for function in (
    C().method,
    lambda: deep(0),
    lambda: deep(50),
    lambda: list(map(lambda n: deep(n), [3]))[0],
    lambda: sorted([1], key=lambda n: same(*deep(3))),
):
    got = function()
    if len(got) == 2:
        same(*got)
assert len(deep(50)[0]) > 50
