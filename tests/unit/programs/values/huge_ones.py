# SPDX-License-Identifier: BSD-2-Clause
"""Strings, names and numbers of ten million characters."""

MANY = 10_000_000
for o in ("x", "😀", b"\0", "\udc80"):
    o *= MANY
    start = repr(o[:100])[:13]
    for text, before in (
        (value(o), ""),
        (value([o]), "["),
        (value({o: o}), "{"),
        (core.format("repr", o, 256), ""),
        (exception(KeyError(o)), "KeyError: "),
        (exception(ValueError(o, o)), "ValueError: ("),
    ):
        assert text.startswith(before + start) and "..." in text, text
text = "ü" * MANY
T = type(text, (), {"__module__": text, "__qualname__": text})


def f():
    pass


f = type(f)(f.__code__.replace(co_qualname=text), {"__name__": text})
cut = "ü" * 126 + "..."
for o in (T, f):
    same((value(o), callable_(o)), (cut, cut))
same(value(T()), "<" + "ü" * 125 + "...")
same(value(1 << 8 * MANY), "<int of 80000001 bits>")
E = type("E", (Exception,), {})
same(exception(E(text)), "E: " + "ü" * 124 + "...")
same(exception(OSError(text)), "OSError: " + "ü" * 121 + "...")
text = exception(OSError(5, text))
assert text.startswith("OSError: [Errno 5] ü"), text
