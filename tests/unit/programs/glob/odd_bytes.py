# SPDX-License-Identifier: BSD-2-Clause
"""Bytes that are no UTF-8, in patterns and in what they match."""


def text_of(data):
    return data.decode("utf-8", "surrogateescape")


odd = [
    b"\x80",
    b"\xff",
    b"\xc3",
    b"\xe2\x82",
    b"\xfe",
    b"\xf0\x9f\x98",
    b"\xc0\x80",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xed\xa0\x80",
    b"\xed\xbf\xbf",
    b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
]
texts = [text_of(data) for data in odd]
for text in texts:
    assert agree(text, text)
pieces = texts + list("aé€*?") + ["[!a]", "[aé]"]
compare(100_000, some(pieces, 3000, 6), some([*texts, *"aé€"], 60, 5))
for text in texts:
    agree("?" * len(text), text)
    agree("?" * (len(text) - 1), text)
    agree("*" + text[-1], text)
    assert core.match(b"[!a]" * len(text), encoded(text))
for n in range(0x80, 0x100):
    byte, char = bytes([n]), chr(n).encode()
    assert core.match(byte, byte) and not core.match(byte, char)
    assert not core.match(char, byte)
    assert not core.match(b"[a-\xf4\x8f\xbf\xbf]", byte)
    assert core.match(b"[" + byte + b"]", byte)
