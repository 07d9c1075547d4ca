# SPDX-License-Identifier: BSD-2-Clause
"""Where text is shown: how wide it is there, whether colours are wanted, and what fits."""

import os
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

# Of text that is not for a terminal: a longer cell moves what follows it in its row only.
PADDED = 60
# Less of the name of a command is not worth its place.
LEAST_OF_NAME = 4


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


def cut_command(text: str, size: int, ellipsis: str) -> str:
    """Behind a number: all of that, and of the name what is worth showing."""
    number = text.partition(" ")[0]
    room = size - width(number) - len(" ") - len(ellipsis)
    if width(text) <= size or room >= LEAST_OF_NAME:
        return cut_right(text, size, ellipsis)
    return cut_right(number, size, ellipsis)


def head(text: str, size: int) -> str:
    for at, character in enumerate(text):
        size -= columns(character)
        if size < 0:
            return text[:at]
    return text


LEAST = 12


def fitted(natural: Sequence[int], room: int, least: Sequence[int] | None = None) -> list[int]:
    """Widths of columns that have so much room: of those that are wider than is least for them
    the widest ones give way."""
    least = [LEAST] * len(natural) if least is None else least
    # A text of any length is not made shorter one step after the other.
    sizes = [min(size, max(room, lowest)) for size, lowest in zip(natural, least)]
    while sum(sizes) > room:
        wide = [at for at, size in enumerate(sizes) if size > least[at]]
        if not wide:
            break
        sizes[max(wide, key=sizes.__getitem__)] -= 1
    return sizes
