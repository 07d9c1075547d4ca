# SPDX-License-Identifier: BSD-2-Clause
"""Values and exceptions in buffers of every size: whole, or their beginning."""

import functools, types


class Ü:
    def method(self):
        pass

    def __repr__(self):
        return "ü€😀" * 200


def long():
    pass


long.__code__ = long.__code__.replace(co_qualname="€😀" * 300)
texts = ["ü" * 400, "€" * 400, "😀" * 400, "x" * 400, "\n" * 200, "'" * 400, "a\udc80" * 200]
objects = [
    *(o for o in SCALARS if o != 2**70),
    *texts,
    b"x" * 400,
    b"\xff" * 300,
    Ü(),
    Ü,
    Ü().method,
    long,
    types.MethodType(long, 1),
    functools.partial(long),
    functools.partial(Ü),
    texts,
    tuple(texts),
    set(texts),
    frozenset(texts),
    dict(zip(texts, texts)),
    [[0] * 9] * 9,
    ["ü"] * 20,
    {"€": "😀"},
    list(range(100)),
]


def check(kind, o):
    full = core.format(kind, o, 4096)
    for size in range(16, 301):
        text = core.format(kind, o, size)
        length = len(text.encode())
        assert length < size, (kind, o, size, text)
        if len(full.encode()) < size:
            same(text, full)
        else:
            assert text.endswith("..."), (kind, size, text)
            assert full.startswith(text[:-3]), (kind, size, text)
            # No more is taken away than must be.
            assert length > size - 8, (kind, size, text)


for o in objects:
    check("value", o)
    check("callable", o)
    check("repr", o)
for kind in (ValueError, KeyError, type("Ü" * 100, (Exception,), {})):
    check("exception", kind())
    for o in objects:
        check("exception", kind(o))
    for o in texts:
        check("exception", kind(o, 1))
for text in texts:
    check("exception", OSError(2, text))
