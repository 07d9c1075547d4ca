# SPDX-License-Identifier: BSD-2-Clause
"""Reads what bpftrace prints with -f json, of which each line is a record.

Only so can its output be told from what the traced program calls its functions and files:
in bpftrace's text a name may have a line break, and after it whatever else bpftrace prints.

The versions differ, and none writes what RFC 8259 says:
- a byte from 0x80 on is printed as \\uffffffc3: its value, with the sign of a char. On
  machines whose char has no sign (arm64) it stands there as it is, valid UTF-8 or not;
- 0.22 and 0.23 escape the keys of maps twice;
- 0.24 and later leave out all spaces of keys, and parentheses around them, and have numbers
  that no double can hold as strings; some of their numbers are hexadecimal, see
  hexnumbers.py;
- up to 0.23 times and errors in maps are printed without quotes: such a line is no JSON;
- 0.17 computes the bounds of histograms in 32 bits.
"""

import errno
import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from pyusdt.bpftrace.script import Script


class Pairs(tuple[tuple[str, object], ...]):
    """A JSON object whose keys may repeat: stacks that differ in addresses only."""


class Frames(tuple[str, ...]):
    """A stack that is an element of a key, the innermost frame first."""


class Bucket(NamedTuple):
    """Of a histogram: what is from low to high, both included; None: without bound."""

    low: int | None
    high: int | None
    hits: int


class Histogram(NamedTuple):
    buckets: tuple[Bucket, ...]
    linear: bool


class Entry(NamedTuple):
    # Of a map without key: (). Of one whose key could not be taken apart: all of it.
    key: tuple[str | Frames, ...]
    value: object  # int, str, Histogram, Pairs of stats() or a struct, list of a tuple


class Text(NamedTuple):
    """Of printf(), time(), cat(), join(), system()."""

    kind: str
    text: str
    # Is a line break at its end the script's own? Others are of what it printed.
    ends_line: bool = True


class Map(NamedTuple):
    """In the order in which bpftrace prints it: by value."""

    name: str  # without the @
    kind: str  # map, stats, hist, or what later versions add
    entries: tuple[Entry, ...]


class Value(NamedTuple):
    """Of print() of something that is not a map."""

    value: object


class Attached(NamedTuple):
    probes: int


class Lost(NamedTuple):
    events: int


class Problem(NamedTuple):
    """What the script could not do: errors lose data."""

    text: str
    is_error: bool


class Other(NamedTuple):
    """A line that is no JSON."""

    line: str


Record = Text | Map | Value | Attached | Lost | Problem | Other


class Dialect(NamedTuple):
    """How a version writes the keys of maps, and numbers."""

    escaped_twice: bool = False
    without_spaces: bool = False
    leaves_hex: bool = False


def dialect(version: tuple[int, ...]) -> Dialect:
    is_new = version >= (0, 24)
    return Dialect((0, 22) <= version < (0, 24), is_new, is_new)


ESCAPE = re.compile(rb"\\(?:uffffff([89a-f][0-9a-f])|.)", re.DOTALL)
SIMPLE = {"n": "\n", "r": "\r", "t": "\t"}
FROZEN = re.compile(r"<frozen(?=[\w.]+>)")


def with_bytes(line: bytes) -> str:
    """Bytes that are no UTF-8 become the surrogates that Python has for them."""
    if b"uffffff" in line:
        line = ESCAPE.sub(
            lambda match: bytes.fromhex(match[1].decode()) if match[1] else match[0], line
        )
    return line.decode("utf-8", "surrogateescape")


def unescaped(text: str) -> str:
    """What has been escaped a second time."""
    once = with_bytes(text.encode("utf-8", "surrogatepass"))
    return re.sub(
        r"\\(?:u([0-9a-f]{4})|(.))",
        lambda match: chr(int(match[1], 16)) if match[1]
        else SIMPLE.get(match[2], match[2]),
        once,
        flags=re.DOTALL,
    )


# Control characters stand there as they are where they are not escaped.
DECODER = json.JSONDecoder(object_pairs_hook=Pairs, strict=False)


def parse(line: bytes) -> object:
    """A line as it is in JSON. Raises ValueError."""
    try:
        return DECODER.decode(with_bytes(line))
    except RecursionError:
        raise ValueError("too deep") from None


def read(line: bytes, dialect: Dialect, script: Script) -> Record:
    try:
        members = parse(line)
        if not isinstance(members, Pairs):
            raise ValueError("no object")
        return make_record(dict(members), dialect, script)
    except (ValueError, KeyError, TypeError, AttributeError):
        # Not made for more than to be shown.
        return Other(line.decode("utf-8", "surrogateescape").rstrip("\n"))


def make_record(
    members: dict[str, object], dialect: Dialect, script: Script
) -> Record:
    kind, data = str(members["type"]), members.get("data")
    if isinstance(data, str) and kind != "value":
        return Text(kind, data, kind != "printf" or script.ends_line(data))
    if kind == "value":
        return Value(data)
    if kind == "attached_probes":
        return Attached(number(data, "probes"))
    if kind == "lost_events":
        return Lost(number(data, "events"))
    if "data" not in members:
        return Problem(problem(members), is_error(members))
    if not isinstance(data, Pairs):
        raise ValueError("not known")
    (name, content), = data
    entries: Iterable[tuple[str | None, object]] = ((None, content),)
    if isinstance(content, Pairs) and holds_entries(kind, content):
        entries = content
    return Map(
        name.removeprefix("@"),
        kind,
        tuple(
            Entry(
                split_key(key, script.keys.get(name.removeprefix("@"), ()), dialect),
                make_value(kind, value, name.removeprefix("@") in script.linear),
            )
            for key, value in entries
        ),
    )


def number(data: object, name: str) -> int:
    if not isinstance(data, Pairs):
        raise ValueError("no object")
    return int(str(dict(data)[name]))


def problem(members: dict[str, object]) -> str:
    """{"type": "helper_error", "msg": ..., "helper": ..., "retcode": ..., "line": ...}"""
    text = str(members.get("msg") or str(members["type"]).replace("_", " "))
    rest = ", ".join(f"{name} {value}" for name, value in members.items()
                     if name not in ("type", "msg"))
    return f"{text} ({rest})" if rest else text


def is_error(members: dict[str, object]) -> bool:
    """Of the errors of helpers, that a map is full: others are a matter of course, such as
    that there is nothing to delete."""
    return members["type"] == "errorf" or members.get("retcode") == -errno.E2BIG


def holds_entries(kind: str, content: Pairs) -> bool:
    """A map without key has its value in their place: of stats() that is an object, too."""
    return kind != "stats" or [name for name, _ in content] != STATS


STATS = ["count", "average", "total"]


def make_value(kind: str, value: object, linear: bool) -> object:
    if kind != "hist" or not isinstance(value, list):
        return value
    return Histogram(tuple(buckets(value, linear)), linear)


def buckets(rows: list[Pairs], linear: bool) -> list[Bucket]:
    found: list[Bucket] = []
    for row in rows:
        ends = dict(row)
        low, high = (number(row, end) if end in ends else None for end in ("min", "max"))
        hits = number(row, "count")
        if low is None and high is None:
            raise ValueError("no bounds")
        if not linear and low is not None:
            # 0.17 has them in 32 bits. The next one begins where the last one has ended.
            last = found[-1].high if found else None
            if last is not None and low <= last:
                low, high = last + 1, 2 * last + 1
            elif low < 0:
                low, high = 1 << 31, (1 << 32) - 1
        found.append(Bucket(low, high, hits))
    return found


# One frame on each line, and a line break before the first one; 0.17: nothing when empty.
STACK = r"((?:\n(?:[^\n,][^\n]*\n)*)?)"
ELEMENT = r"([^,]*)"


def split_key(
    key: str | None, stacks: tuple[bool, ...], dialect: Dialect
) -> tuple[str | Frames, ...]:
    """Where a name has a comma in it, there is no telling which one it is: the key stays
    as it is."""
    if key is None:
        return ()
    if dialect.escaped_twice:
        key = unescaped(key)
    pattern = ",".join(STACK if stack else ELEMENT for stack in stacks)
    match = re.fullmatch(pattern, key) if len(stacks) > 1 or any(stacks) else None
    if match is None:
        return (spaced(key, dialect),)
    return tuple(
        frames(text) if stack else spaced(text, dialect)
        for text, stack in zip(match.groups(), stacks)
    )


def frames(text: str) -> Frames:
    """Of an element that is a stack."""
    return Frames(frame.strip() for frame in text.splitlines()[1:])


def spaced(text: str, dialect: Dialect) -> str:
    """The modules that are compiled into CPython have a space in their file's name, and
    are in nearly every trace."""
    return FROZEN.sub("<frozen ", text) if dialect.without_spaces else text
