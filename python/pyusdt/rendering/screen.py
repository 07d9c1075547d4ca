# SPDX-License-Identifier: BSD-2-Clause
"""Where text is shown: how wide it is there, whether colours are wanted, and what fits."""

import os
import unicodedata
from typing import NamedTuple

# Of text that is not for a terminal: a longer cell moves what follows it in its row only.
PADDED = 60


class Screen(NamedTuple):
    width: int | None = None  # None: no terminal, nothing is cut
    has_colours: bool = False
    ellipsis: str = "\u2026"

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[m" if self.has_colours else text


def screen_of(descriptor: int, encoding: str) -> Screen:
    """NO_COLOR: see no-color.org."""
    try:
        "\u2026".encode(encoding)
        ellipsis = "\u2026"
    except UnicodeEncodeError:
        ellipsis = "..."
    if not os.isatty(descriptor):
        return Screen(ellipsis=ellipsis)
    try:
        width = os.get_terminal_size(descriptor).columns
    except OSError:
        width = 0
    is_dumb = os.environ.get("TERM", "dumb") == "dumb"
    return Screen(width or 80, not is_dumb and not os.environ.get("NO_COLOR"), ellipsis)


def columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def width(text: str) -> int:
    """In columns of a terminal."""
    return len(text) if text.isascii() else sum(map(columns, text))


def padded(text: str, size: int) -> str:
    return text + " " * (size - width(text))


def cut_right(text: str, size: int, ellipsis: str) -> str:
    if width(text) <= size:
        return text
    room = size - len(ellipsis)
    return head(text, room) + ellipsis if room > 0 else head(text, size)


def cut_left(text: str, size: int, ellipsis: str) -> str:
    """Of a path, and of a qualified name, the end says more."""
    if width(text) <= size:
        return text
    room = size - len(ellipsis)
    return (ellipsis if room > 0 else "") + head(text[::-1], room if room > 0 else size)[::-1]


def head(text: str, size: int) -> str:
    for at, character in enumerate(text):
        size -= columns(character)
        if size < 0:
            return text[:at]
    return text


LEAST = 12


def fitted(natural: list[int], room: int) -> list[int]:
    """Widths of columns that have so much room: the widest ones give way."""
    sizes = list(natural)
    excess = sum(sizes) - room
    while excess > 0:
        widest = max(sizes, default=0)
        if widest <= LEAST:
            break
        next_widest = max((size for size in sizes if size < widest), default=LEAST)
        at = [index for index, size in enumerate(sizes) if size == widest]
        step = max(1, min(widest - max(next_widest, LEAST), excess // len(at)))
        for index in at[:max(1, excess // step)]:
            sizes[index] -= step
            excess -= step
    return sizes
