# SPDX-License-Identifier: BSD-2-Clause
"""Names and modules of classes and functions with half characters, and what is no str."""


class S(str):
    __str__ = __repr__ = __len__ = encode = trap("str")


def f():
    pass


def named(module, name):
    return type(f)(f.__code__.replace(co_qualname=name), {"__name__": module})


modules = [
    ("m\udc80", "m\\udc80."),
    ("ü", "ü."),
    ("", ""),
    (7, ""),
    (None, ""),
    (S("s"), "s."),
    (["x"], ""),
]
names = [("a\udcff", "a\\udcff"), ("é", "é"), (S("n"), "n")]
for module, before in modules:
    for name, after in names:
        body = {"__module__": module, "__qualname__": name}
        T = type("T", (), body)
        E = type("E", (Exception,), body)
        same(value(T), before + after)
        o = T()
        same(value(o), f"<{before}{after} at {id(o):#x}>")
        same(exception(E("x")), before + after + ": x")
        same(callable_(named(module, name)), before + after)
same(ran, [])
