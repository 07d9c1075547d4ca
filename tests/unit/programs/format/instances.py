# SPDX-License-Identifier: BSD-2-Clause
"""Instances are shown by the name of their class and their address."""


class Plain:
    pass


class Outer:
    class Inner:
        pass


def local():
    class Local:
        pass

    return Local()


import collections, functools

for o, name in (
    (Plain(), "__main__.Plain"),
    (Outer.Inner(), "__main__.Outer.Inner"),
    (local(), "__main__.local.<locals>.Local"),
    (object(), "builtins.object"),
    (collections.OrderedDict(), "collections.OrderedDict"),
    (sys, "builtins.module"),
    (1j, "builtins.complex"),
    (bytearray(), "builtins.bytearray"),
    (Ellipsis, "builtins.ellipsis"),
    (local.__code__, "builtins.code"),
    (range(3), "builtins.range"),
    (ValueError("x"), "builtins.ValueError"),
):
    want = "<%s at %#x>" % (name, id(o))
    same(value(o), want)
    same(callable_(o), want)
