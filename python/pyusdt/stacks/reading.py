# SPDX-License-Identifier: BSD-2-Clause
"""Reads what a bpftrace script printed: the frames of Python stacks, and maps of stacks.

Both are told from whatever else is there, such as the output of the traced program.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from pyusdt.bpftrace import records, stackline
from pyusdt.bpftrace.script import Script
from pyusdt.stacks.sourcelines import Place

KEY_MASK = (1 << 64) - 1


class Entry(NamedTuple):
    """One entry of a map. Stacks have the innermost frame first, as printed."""

    key: int
    labels: tuple[str, ...]
    native: tuple[str, ...]
    kernel: tuple[str, ...]
    value: int


@dataclass
class Recording:
    # By key, then by depth: frames may come in any order, or not at all.
    stacks: dict[int, dict[int, Place]] = field(default_factory=dict)
    maps: dict[str, list[Entry]] = field(default_factory=dict)
    # By map, the entries that could not be used.
    rejected: Counter[str] = field(default_factory=Counter)
    lost: int = 0  # events, of which bpftrace has told
    empty: bool = True


LOST_LINE = re.compile(r"Lost (\d+) events")
MAP_START = re.compile(r"@(\w+)\[(.*)", re.DOTALL)
MAP_END = re.compile(r"(.*)\]: ?(.*)", re.DOTALL)


def read(lines: Iterable[str]) -> Recording:
    reader = Reader()
    for line in lines:
        reader.feed(line.rstrip("\r\n"))
    reader.end()
    return reader.recording


class Reader:
    """Takes the output of bpftrace 0.17 and later, as text or JSON, line by line.

    The first record decides which of both it is. In JSON a name of the traced program can
    be nothing but a name; in bpftrace's text it may hold lines of its own, and in that of
    pyusdt-trace it is escaped.
    """

    def __init__(self) -> None:
        self.recording = Recording()
        self._entry: list[str] = []
        self._is_json: bool | None = None

    def feed(self, line: str) -> None:
        self.recording.empty = self.recording.empty and not line
        if self._entry and self._continues(line):
            return
        if line.startswith('{"type"') and self._is_json is not False:
            self._is_json = True
            self._take_json(line)
        elif self._is_json:
            # Of the traced program, which writes to the same place.
            return
        elif line.startswith("@"):
            self._start(line)
        elif lost := LOST_LINE.fullmatch(line):
            self.recording.lost += int(lost[1])
        # Not only at the start of a line: the traced program may write to the same terminal.
        elif match := stackline.PATTERN.search(line):
            self._take_frame(match)

    def end(self) -> None:
        """The open entry, if any, will not be completed."""
        if self._entry and (match := MAP_START.match(self._entry[0])):
            self._reject(match[1])
        self._entry = []

    def _start(self, line: str) -> None:
        match = MAP_START.fullmatch(line)
        if match is None:
            return
        if end := MAP_END.fullmatch(match[2]):
            self._take_entry(match[1], end[1], end[2])
        else:
            self._entry = [line]

    def _continues(self, line: str) -> bool:
        """Frames are indented; commas and the closing bracket are not."""
        if not line.startswith((" ", "\t", ",", "]")):
            self.end()
            return False
        self._entry.append(line)
        if line[0] in ",]" and MAP_END.fullmatch(line):
            start = MAP_START.fullmatch("\n".join(self._entry))
            end = MAP_END.fullmatch(start[2]) if start else None
            if start and end:
                self._take_entry(start[1], end[1], end[2])
            self._entry = []
        return True

    def _take_json(self, line: str) -> None:
        record = records.read(
            line.encode("utf-8", "surrogateescape"), records.Dialect(), Script()
        )
        match record:
            case records.Text("printf", text):
                if match := stackline.PATTERN.match(text):
                    self._take_frame(match)
            case records.Map(name, _, entries):
                for entry in entries:
                    self._take_entry(name, json_key(entry), str(entry.value))
            case records.Lost(events):
                self.recording.lost += events
            case records.Other():
                self.recording.rejected["JSON"] += 1

    def _take_frame(self, match: re.Match[str]) -> None:
        self._is_json = self._is_json or False
        key, depth, qualname, file, first_line, offset, _, _, line = match.groups()
        current = None if line is None else int(line)
        frame = Place(qualname, file, int(first_line), signed(int(offset)), current)
        self.recording.stacks.setdefault(int(key, 16), {})[int(depth)] = frame

    def _take_entry(self, name: str, key: str, value: str) -> None:
        self._is_json = self._is_json or False
        if not is_stack_map(name):
            return
        try:
            entry = make_entry(name, key_elements(key), int(value))
        except ValueError:
            self._reject(name)
        else:
            self.recording.maps.setdefault(name, []).append(entry)

    def _reject(self, name: str) -> None:
        if is_stack_map(name):
            self.recording.rejected[f"@{name}"] += 1


def json_key(entry: records.Entry) -> str:
    """Whole: neither the script nor the version of bpftrace is known.

    0.22 and 0.23, which escape keys twice, have no line breaks in them.
    """
    key = entry.key[0] if entry.key else ""
    assert isinstance(key, str)
    return records.unescaped(key) if "\n" not in key and "\\n" in key else key


def signed(offset: int) -> int:
    """-1 as an unsigned number is -1."""
    return offset if 0 <= offset < 1 << 31 else -1


def is_stack_map(name: str) -> bool:
    return name == "stacks" or name.endswith("_stacks")


def holds_native_stacks(name: str) -> bool:
    """The printed text of a single stack does not say which kind it is."""
    return name == "user_stacks" or name.endswith("_user_stacks")


def key_elements(text: str) -> list[str | list[str]]:
    """A map's key, split: a stack is a list, or "" when it is empty.

    Commas separate scalars on a line. A frame has a line of its own, and a line that
    starts with a comma ends a stack.
    """
    elements: list[str | list[str]] = []
    for number, line in enumerate(text.split("\n")):
        if number == 0 or line.startswith(","):
            scalars = line if number == 0 else line[1:]
            elements += [scalar.strip() for scalar in scalars.split(",")]
        elif frame := line.strip():
            # Before the first frame there is what stands before its line: nothing.
            begun = elements.pop()
            elements.append([*begun, frame] if isinstance(begun, list) else [frame])
    return elements


def make_entry(name: str, elements: list[str | list[str]], value: int) -> Entry:
    first, *rest = elements
    if not isinstance(first, str) or value < 0:
        raise ValueError
    labels = tuple(element for element in rest if isinstance(element, str) and element)
    stacks = [tuple(element) for element in rest if not isinstance(element, str)
              or not element]
    # Where there are both, ours have the kernel's first.
    kernel, native = (*stacks[-2:], (), ())[:2]
    if len(stacks) == 1 and holds_native_stacks(name):
        kernel, native = native, kernel
    return Entry(int(first, 0) & KEY_MASK, labels, native, kernel, value)
