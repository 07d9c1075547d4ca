# SPDX-License-Identifier: BSD-2-Clause
"""A script's text as it is run for its output to be shown: with marks, by which what the traced
program says can be told from what is the script's, and with all of its maps.

A mark is a number that nobody can guess. In the format of a printf() it stands around each
conversion; in the key of a map, between two texts, as an element of its own: a comma in a name
is no mark.
"""

import re
import secrets
from typing import NamedTuple

from pyusdt.bpftrace.records import STACK, Entry, Frames, Map, Record, Text, frames
from pyusdt.bpftrace.script import CONVERSION, NO_CODE, PRINTF, arguments
from pyusdt.rendering.description import STACKS, TEXTS, Description, Item, Part

# print(@map, TOP) and print(@map, TOP, DIVISOR)
LIMITED = re.compile(r"\bprint\((@\w+), *\d+ *(?:, *(\d+) *)?\)")
# What has been counted once, bt/full.bth: where the keys have more, so has this.
KNOWN = re.compile(r"@known\[(\$\w+)\]")
BITS = 62


class Line(NamedTuple):
    """What a printf() has printed: between each two literals, a datum."""

    literals: tuple[str, ...]
    data: tuple[str, ...]

    def text(self) -> str:
        return "".join(
            literal + datum for literal, datum in zip(self.literals, (*self.data, ""))
        )


class Marks:
    def __init__(self, description: Description, mark: int | None = None) -> None:
        # Always as many digits.
        self._mark = str(mark or secrets.randbits(BITS - 1) | 1 << (BITS - 1))
        self._description = description

    def script(self, text: str) -> str:
        text = LIMITED.sub(
            lambda match: f"print({match[1]}, 0, {match[2]})" if match[2]
            else f"print({match[1]})",
            text,
        )
        inserted = {words for part in self._description.parts if (words := part.inserted)}
        for words in inserted:
            text = KNOWN.sub(rf"@known[\1, {', '.join(words)}]", text)
        return PRINTF.sub(self._marked_format, self._with_marked_keys(text))

    def _marked_format(self, match: re.Match[str]) -> str:
        marked = CONVERSION.sub(
            lambda conversion: f"{self._mark}{conversion[0]}{self._mark}", match[1]
        )
        before = match[0][:match.start(1) - match.start()]
        return f'{before}{marked}"'

    def _with_marked_keys(self, text: str) -> str:
        # Of the same length.
        code = NO_CODE.sub(lambda match: " " * len(match[0]), text)
        for name, part in self._description.maps().items():
            uses = list(re.finditer(rf"@{name}\[", code))
            for use in reversed(uses):
                elements = arguments(code, use.end())
                if len(elements) != len(part.keys) - len(part.inserted):
                    continue
                text = text[:use.end()] + self._marked_key(
                    text, use.end(), elements, part
                ) + text[use.end() + len(",".join(elements)):]
            code = NO_CODE.sub(lambda match: " " * len(match[0]), text)
        return text

    def _marked_key(
        self, text: str, at: int, elements: list[str], part: Part
    ) -> str:
        marked = []
        for element, has_mark in zip(elements, marked_after(part.keys)[len(part.inserted):]):
            marked.append(text[at:at + len(element)])
            at += len(element) + 1
            if has_mark:
                marked.append(f" {self._mark}")
        # The script's own begins as it was written.
        return "".join(f"{word}, " for word in part.inserted) + ",".join(marked)

    def key(self, entry: Entry, keys: tuple[Item, ...]) -> tuple[str | Frames, ...] | None:
        """Its elements. None where they are not those that the script says."""
        marked = marked_after(keys)
        found = entry.key
        if len(found) == 1 and isinstance(found[0], str) and len(keys) > 1:
            # A name has a comma.
            match = self._pattern(keys, marked).fullmatch(found[0])
            if match is None:
                return None
            return tuple(
                frames(text) if item.kind in STACKS else text
                for item, text in zip(keys, match.groups())
            )
        unmarked = tuple(element for element in found if element != self._mark)
        return unmarked if len(unmarked) == len(keys) else None

    def _pattern(self, keys: tuple[Item, ...], marked: list[bool]) -> re.Pattern[str]:
        words = []
        for item, has_mark in zip(keys, marked):
            words.append("(.*)" if item.kind in TEXTS
                         else STACK if item.kind in STACKS else r"(-?\d+)")
            if has_mark:
                words.append(self._mark)
        return re.compile(", ?".join(words), re.DOTALL)

    def unmarked(self, record: Record) -> Record:
        """As it would be without marks."""
        if isinstance(record, Text):
            return record._replace(text=self.line(record.text).text())
        part = self._description.maps().get(record.name) if isinstance(record, Map) else None
        if not isinstance(record, Map) or part is None:
            return record
        return record._replace(entries=tuple(
            entry._replace(key=key[len(part.inserted):])
            for entry in record.entries
            if (key := self.key(entry, part.keys)) is not None
        ))

    def with_datum(self, text: str, datum: str) -> str:
        """One more at the end of a line, after a tab."""
        line = text.removesuffix("\n")
        return f"{line}\t{self._mark}{datum}{self._mark}{text[len(line):]}"

    def line(self, text: str) -> Line:
        pieces = text.split(self._mark)
        if len(pieces) % 2 == 0:
            # Not all of it has come.
            return Line(("", ""), ("".join(pieces),))
        return Line(tuple(pieces[::2]), tuple(pieces[1::2]))


def words(datum: str) -> list[str]:
    """Of a command line, as the kernel has it and buf() prints it."""
    return datum.removesuffix("\\x00").split("\\x00")


def marked_after(keys: tuple[Item, ...]) -> list[bool]:
    """Numbers have no commas: marks are needed where after a text comes another, or a stack."""
    return [
        item.kind in TEXTS and any(later.kind in TEXTS + STACKS for later in keys[at + 1:])
        for at, item in enumerate(keys)
    ]
