# SPDX-License-Identifier: BSD-2-Clause
"""Shows values, and has traps that note that they were run."""

from random import Random

random = Random(5)
SAFE, REPR = 1, 2


def value(o, size=256):
    return core.format("value", o, size)


def callable_(o):
    return core.format("callable", o, 256)


def exception(o):
    return core.format("exception", o, 256)


def same(got, want):
    assert got == want, (got, want)


def address(object, name=None):
    t = type(object)
    name = name or f"{t.__module__}.{t.__qualname__}"
    return f"<{name} at {id(object):#x}>"


ran = []


def trap(name, result="trapped"):
    def trapped(*arguments, **keywords):
        ran.append(name)
        return result

    return trapped


SCALARS = (
    None,
    True,
    False,
    0,
    -1,
    2**70,
    1.5,
    float("inf"),
    -0.0,
    b"",
    "",
    "it's",
    'a"b',
    "ü€😀",
    "\n\0\udc80",
    b"\xff'",
)
