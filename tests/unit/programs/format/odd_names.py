# SPDX-License-Identifier: BSD-2-Clause
"""Names of functions and classes with half characters, and too long ones."""


def f():
    pass


# The name is that of the code.
f.__qualname__ = "other"
f.__module__ = "other"
f.__code__ = f.__code__.replace(co_qualname="a\udc80.ü")
same(callable_(f), "__main__.a\\udc80.ü")
f.__code__ = f.__code__.replace(co_qualname="x" * 10_000)
same(callable_(f, 32), "__main__." + "x" * 19 + "...")
T = type("ü" * 50, (), {})
same(value(T, 17), "__main__." + "ü" * 2 + "...")
same(value(T, 16), "__main__." + "ü" * 1 + "...")
