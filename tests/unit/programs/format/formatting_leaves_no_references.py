# SPDX-License-Identifier: BSD-2-Clause
"""No object has more references after it was shown than before."""


class C:
    def m(self):
        pass


def f():
    pass


c = C()
objects = [
    10**40,
    "x" * 300,
    b"x" * 300,
    0.5,
    C,
    c,
    c.m,
    f,
    [].append,
    list.append,
    len,
    sys,
    ValueError("x" * 300),
    OSError(2, "x"),
    KeyError("x\n"),
    ValueError(10**40, []),
]


def counts():
    return [sys.getrefcount(o) for o in objects + [C.__dict__]]


def run():
    for i in range(100):
        for o in objects:
            value(o)
            callable_(o)
            exception(o)


run()
counts()
before = counts()
run()
same(counts(), before)
