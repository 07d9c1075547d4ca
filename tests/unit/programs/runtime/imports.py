# SPDX-License-Identifier: BSD-2-Clause
"""Imports that find, that fail, that are within others, and what is told of them."""

find("a")
same(
    told(),
    start("a", "b") + done("b") + start("c.d", "c") + done("c") + done("c.d") + done("a"),
)

# Only what is looked for.
find("a")
find("c.d")
find("sys")
same(told(), [])
same(find("nowhere"), ModuleNotFoundError)
same(told(), alone("nowhere", 0))
same(find("bad"), ZeroDivisionError)
same(told(), alone("bad", 0))
same(find("syntax"), SyntaxError)
same(told(), alone("syntax", 0))
find("outer")
same(told(), start("outer") + alone("bad", 0) + done("outer"))
same(find("b.absent"), ModuleNotFoundError)
same(told(), alone("b.absent", 0))
try:
    from c import absent

    assert False
except ImportError:
    pass
same(told(), alone("c.absent", 0))
find("é")
same(told(), alone("é", 1))
same(find("x\udc80"), ModuleNotFoundError)
same(told(), alone("x\\udc80", 0))
sys.modules["gone"] = None
same(find("gone"), ModuleNotFoundError)
same(told(), alone("gone", 0))
del sys.modules["b"]
importlib.import_module("b")
same(told(), alone("b", 1))


class Name(str):
    ran = False
    __hash__ = str.__hash__

    def __str__(self):
        self.ran = True

    __repr__ = __format__ = __str__


del sys.modules["b"]
name = Name("b")
find(name)
same((told(), name.ran), (alone("b", 1), False))
try:
    sys.modules["_frozen_importlib"]._find_and_load(7, None)
except Exception:
    pass
same(told(), alone("", 0))
