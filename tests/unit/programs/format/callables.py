# SPDX-License-Identifier: BSD-2-Clause
"""Each kind of callable, and the name that it is shown by."""

import collections, functools, math


class C:
    def method(self):
        pass

    @classmethod
    def clsm(cls):
        pass

    @staticmethod
    def static():
        pass

    def __call__(self):
        pass


def f():
    def nested():
        pass

    return nested


lam = lambda: 0
for o, name in (
    (f, "__main__.f"),
    (f(), "__main__.f.<locals>.nested"),
    (lam, "__main__.<lambda>"),
    (C, "__main__.C"),
    (C.method, "__main__.C.method"),
    (C().method, "__main__.C.method"),
    (C.clsm, "__main__.C.clsm"),
    (C.static, "__main__.C.static"),
    (len, "builtins.len"),
    (math.sin, "math.sin"),
    (int, "builtins.int"),
    (type, "builtins.type"),
    (ValueError, "builtins.ValueError"),
    (collections.OrderedDict, "collections.OrderedDict"),
    (functools.partial, "functools.partial"),
    ([].append, "builtins.list.append"),
    ("x".join, "builtins.str.join"),
    (dict.fromkeys, "builtins.dict.fromkeys"),
    (list.append, "builtins.list.append"),
    (int.__add__, "builtins.int.__add__"),
    (object.__init__, "builtins.object.__init__"),
    (dict.__dict__["fromkeys"], "builtins.dict.fromkeys"),
    (object.__new__, "builtins.object.__new__"),
    (functools.reduce, "_functools.reduce"),
    (core.note, "core.note"),
):
    same(callable_(o), name)
    same(value(o), name)
for o, name in (
    (C(), "__main__.C"),
    ((1).__add__, "builtins.method-wrapper"),
    (C.__dict__["static"], "builtins.staticmethod"),
):
    same(callable_(o), "<%s at %#x>" % (name, id(o)))
