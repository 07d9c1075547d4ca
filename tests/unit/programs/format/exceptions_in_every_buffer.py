# SPDX-License-Identifier: BSD-2-Clause
"""Exceptions in buffers of every size: whole, or their beginning."""


class Eé(Exception):
    pass


for e in (
    ValueError("plain"),
    ValueError("é€🐍" * 9),
    Eé("x\n" * 20),
    KeyError("🐍" * 9),
    OSError(5, "é" * 30),
    ValueError(10**40, "x"),
    ValueError("é", "x"),
    ValueError(0.125),
    ValueError(),
    Eé(b"x" * 40),
    ValueError("x" * 30 + "\ud800"),
):
    full = exception(e, 4096).encode()
    for size in range(16, 200):
        got = exception(e, size).encode()
        if len(full) < size:
            same(got, full)
        elif type(e.args[0]) is int:
            assert len(got) < size
        else:
            assert got.endswith(b"...") and full.startswith(got[:-3])
            assert len(got) >= size - 4, (size, got)
