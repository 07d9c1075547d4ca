# SPDX-License-Identifier: BSD-2-Clause
"""Modules of classes and functions that are no str, or an odd one."""


class S(str):
    __str__ = __repr__ = __len__ = trap("str subclass")


for module, want in (
    (7, "T"),
    (None, "T"),
    ("", "T"),
    ("m\udc80", "m\\udc80.T"),
    ("ü.é", "ü.é.T"),
    (S("sub"), "sub.T"),
    (object(), "T"),
):
    T = type("T", (), {"__module__": module})
    same(value(T), want)
    o = T()
    same(value(o), "<%s at %#x>" % (want, id(o)))
    space = {"__name__": module}
    exec("def f(): pass", space)
    same(callable_(space["f"]), want.replace("T", "f"))
T = type("T", (), {})
gc.get_referents(T.__dict__)[0].pop("__module__")
same(value(T), "T")
assert not ran, ran
