# SPDX-License-Identifier: BSD-2-Clause
"""What a script says in its header of what it prints, for pyusdt-trace to show it.

Lines of the first comment, " * WORD: ...", described in pyusdt-trace(1). A TABLE, HISTOGRAM or
STACKS begins a part of the output, which KEY, COLUMN and SORT describe further:

    TABLE: title
    KEY: SYSCALL text, function, file, line     elements of the maps' keys, last of a
                                                histogram's perhaps bucket
    COLUMN: TOTAL @total_us us                  a map, and what its numbers are
    SORT: TOTAL                                 by the first column where there is none

PROCESS and THREAD are the number of the process and of the thread that it counts for, where these
are not pid and tid. LINES says that the script prints lines as things happen; each FIELDS names
what a printf() with so many conversions prints.
"""

import re
from typing import NamedTuple

KINDS = ("function", "file", "line", "text", "words", "number", "bucket", "process", "thread",
         "command", "python", "kernel", "user")
TEXTS = ("function", "file", "text")
STACKS = ("kernel", "user")
# The greatest of them; nothing, where one is part of another.
SEVERAL = ("max", "nested")
UNITS = {"count": "", "samples": "", "share": "_share", "us": "_us", "ms": "_ms",
         "bytes": "_bytes"}
PARTS = ("TABLE", "HISTOGRAM", "STACKS")


class BadDescription(ValueError):
    """What is wrong with it."""


class Item(NamedTuple):
    """An element of a key, or of a line."""

    heading: str
    kind: str

    @property
    def name(self) -> str:
        return self.heading.lower()


class Column(NamedTuple):
    heading: str
    map: str  # without the @
    unit: str
    several: str = "sum"  # of SEVERAL: what several rows are together

    @property
    def name(self) -> str:
        return self.heading.lower() + UNITS[self.unit]


class Part(NamedTuple):
    kind: str  # of PARTS
    title: str
    keys: tuple[Item, ...] = ()
    columns: tuple[Column, ...] = ()
    sort: str | None = None
    inserted: tuple[str, ...] = ()  # what the script has not for its first keys, see grouping.py

    @property
    def has_buckets(self) -> bool:
        """Is each row of a histogram an entry of the map?"""
        return bool(self.keys) and self.keys[-1].kind == "bucket"

    @property
    def sort_index(self) -> int:
        names = [column.heading for column in self.columns]
        return 0 if self.sort is None else names.index(self.sort)


class Description(NamedTuple):
    parts: tuple[Part, ...]
    # By the number of their conversions.
    fields: dict[int, tuple[Item, ...]]
    process: str = "pid"
    thread: str | None = "tid"  # None: it does not count by thread

    def maps(self) -> dict[str, Part]:
        return {column.map: part for part in self.parts for column in part.columns}


COMMENT = re.compile(r"(?:#![^\n]*\n)?\s*/\*(.*?)\*/", re.DOTALL)
WORDS = (*PARTS, "KEY", "COLUMN", "SORT", "LINES", "FIELDS", "PROCESS", "THREAD")
LINE = re.compile(rf"^ \* ({'|'.join(WORDS)}): *(.*?) *$", re.MULTILINE)


def read(script: str) -> Description | None:
    """None where the header describes nothing. Raises BadDescription."""
    comment = COMMENT.match(script)
    found: list[tuple[str, str]] = LINE.findall(comment[1]) if comment else []
    if not found:
        return None
    parts: list[Part] = []
    fields: dict[int, tuple[Item, ...]] = {}
    process, thread = "pid", "tid"
    for word, text in found:
        if word in PARTS:
            parts.append(Part(word, text))
        elif word == "FIELDS":
            row = items(text)
            fields[len(row)] = row
        elif word == "PROCESS":
            process = text
        elif word == "THREAD":
            thread = text
        elif word != "LINES":
            if not parts:
                raise BadDescription(f"{word} before any of {', '.join(PARTS)}")
            parts[-1] = extended(parts[-1], word, text)
    for part in parts:
        check(part)
    return Description(tuple(parts), fields, process, None if thread == "-" else thread)


def extended(part: Part, word: str, text: str) -> Part:
    if word == "KEY":
        return part._replace(keys=items(text))
    if word == "COLUMN":
        return part._replace(columns=(*part.columns, column(text)))
    return part._replace(sort=text)


def items(text: str) -> tuple[Item, ...]:
    return tuple(item(words.split()) for words in text.split(","))


def item(words: list[str]) -> Item:
    if len(words) not in (1, 2) or words[-1] not in KINDS:
        raise BadDescription(f"{' '.join(words)!r} is not [HEADING] KIND, of the kinds "
                             + ", ".join(KINDS))
    return Item(words[0].upper() if len(words) == 1 else words[0], words[-1])


def column(text: str) -> Column:
    match text.split():
        case [heading, name, unit, *more] if (
            name.startswith("@") and unit in UNITS and len(more) <= 1
            and set(more) <= set(SEVERAL)
        ):
            return Column(heading, name[1:], unit, *more)
    raise BadDescription(f"{text!r} is not HEADING @MAP UNIT [max|nested], of the units "
                         + ", ".join(UNITS))


def check(part: Part) -> None:
    if not part.columns:
        raise BadDescription(f"{part.kind} {part.title!r} has no COLUMN")
    if part.sort not in (None, *(column.heading for column in part.columns)):
        raise BadDescription(f"{part.kind} {part.title!r} has no column {part.sort}")
    if part.kind == "STACKS" and (not part.keys or part.keys[0].kind != "python"):
        raise BadDescription(f"{part.kind} {part.title!r} has no key that begins with python")
    before = part.keys[:-1] if part.kind == "HISTOGRAM" else part.keys
    if any(item.kind == "bucket" for item in before):
        raise BadDescription(f"{part.kind} {part.title!r}: bucket is the last element of the key "
                             "of a HISTOGRAM")
