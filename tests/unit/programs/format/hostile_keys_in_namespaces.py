# SPDX-License-Identifier: BSD-2-Clause
"""Namespaces of classes whose keys would run code when they are compared."""


class Key:
    def __hash__(self):
        return hash("__module__")

    def __eq__(self, other):
        ran.append("eq")
        return True


class StrKey(str):
    __hash__ = str.__hash__

    def __eq__(self, other):
        ran.append("eq")
        return str.__eq__(self, other)


T = type("T", (), {"a": 1, StrKey("zzz"): 2})
o = T()
ran.clear()
text = core.format_value(o, 256)
assert not ran, ran
same(text, "<__main__.T at %#x>" % id(o))
U = type("U", (), {StrKey("__module__"): "odd"})
u = U()
ran.clear()
text = core.format_value(u, 256)
assert not ran, ran
assert text.endswith("U at %#x>" % id(u)), text
