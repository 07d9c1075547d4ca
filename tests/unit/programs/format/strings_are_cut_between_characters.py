# SPDX-License-Identifier: BSD-2-Clause
"""Strings of characters of one to four bytes, in buffers of every size."""


def cut(text, size):
    data = text.encode()
    if len(data) < size:
        return text
    return data[: size - 4].decode(errors="ignore") + "..."


for unit in ("x", "é", "€", "🐍", "xé€🐍"):
    for length in range(40):
        for lead in ("", "a", "ab", "abc"):
            s = lead + (unit * 40)[:length]
            for size in range(16, 40):
                same(value(s, size), cut(repr(s), size))
