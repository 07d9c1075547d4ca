# SPDX-License-Identifier: BSD-2-Clause
"""What only says that it is a code object is not looked at."""


def f():
    pass


class C:
    pass


class Hostile:
    __class__ = type(f.__code__)

    def __getattr__(self, name):
        raise SystemExit


for o in (None, 42, "x", f, C, C(), Hostile(), type(f.__code__), [], f.__code__.co_code):
    assert add(o) is None, o
    assert find(o) is None, o
same(count(), 0)
