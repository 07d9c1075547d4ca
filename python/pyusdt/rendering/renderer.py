# SPDX-License-Identifier: BSD-2-Clause
"""From the records of bpftrace to what is shown of them: lines as they come, and maps when all
of them are there."""

import contextlib
import datetime
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from pyusdt.bpftrace import stackline, textform
from pyusdt.bpftrace.records import (
    Attached, Entry, Frames, Histogram, Lost, Map, Record, Text,
)
from pyusdt.rendering.description import Description, Item, Part
from pyusdt.rendering.differences import Differences
from pyusdt.rendering.grouping import Grouping
from pyusdt.rendering.marks import Line, Marks
from pyusdt.rendering.model import (
    Distributions, Interval, Key, PythonFrame, StackRow, Stacks, Table, combined,
    histogram_of_one, make_distributions, make_table,
)
from pyusdt.rendering.snapshots import Maps
from pyusdt.rendering.top import Tables, Top

# Of the key of a stack: itself, and what stands beside it.
STACK_KINDS = ("python", "user", "kernel")
LABELS = ("process", "thread", "text")
KEY_MASK = (1 << 64) - 1
# Without process and code object, and with the line that runs.
STACK_FIELDS = (6, stackline.FIELDS, stackline.FIELDS + 1)


class Writer(Protocol):
    """How it is written. Each method returns the text."""

    def interval(self, interval: Interval) -> str: ...

    def line(self, line: Line, items: Sequence[Item]) -> str: ...

    def message(self, text: str) -> str: ...

    def table(self, table: Table) -> str: ...

    def distributions(self, found: Distributions) -> str: ...

    def stacks(self, found: Stacks) -> str: ...


class Renderer:
    def __init__(
        self, description: Description, marks: Marks, writer: Writer,
        write: Callable[[str], None], differences: Differences | None = None,
        top: Top | None = None, grouping: Grouping | None = None,
        shown_line: Callable[[str], str] = str,
    ) -> None:
        """@differences: where intervals are shown. @top: where only this shows them. @grouping:
        where rows are of processes. @shown_line: what an element of the kind line is shown as."""
        self._description = description
        self._parts = description.maps()
        self._marks = marks
        self._writer = writer
        self._write = write
        self._shown_line = shown_line
        # By the key's hash and the depth, the innermost is 0.
        self._frames: dict[int, dict[int, PythonFrame]] = {}
        self._maps: Maps = {}
        self._differences = differences
        self._top = top
        self._grouping = grouping
        self._intervals = 0
        self._began = self._interval_end = self._end = now()

    def take(self, record: Record) -> None:
        match record:
            case Text("printf", text):
                self._take_line(self._marks.line(text))
            case Attached() | Lost():
                # That some are lost is told at the end, together.
                pass
            case Map() if record.name in self._parts:
                if record.name in self._maps and self._differences is None:
                    # A script that prints again and again.
                    self.end()
                if not self._maps:
                    self._end = now()
                self._maps[record.name] = record.entries
            case _:
                self._show_raw(record)

    def _take_line(self, line: Line) -> None:
        if line.literals[0] == stackline.MARK and len(line.data) in STACK_FIELDS:
            with contextlib.suppress(ValueError):
                self._take_frame(line)
                return
        items = self._description.fields.get(len(line.data), ())
        if items:
            line = line._replace(data=self._with_lines(line.data, items))
        if self._top is not None:
            self._top.take_message(line.text())
        else:
            self._write(self._writer.line(line, items))

    def _with_lines(self, data: Key, items: Sequence[Item]) -> Key:
        return tuple(self._shown_line(text) if item.kind == "line" else text
                     for item, text in zip(items, data))

    def _take_frame(self, line: Line) -> None:
        """Raises ValueError where it is none: a script of the user's can print anything."""
        key, depth, name, file, first_line, offset, *rest = line.data
        current = int(rest[2]) if len(rest) == 3 else 0
        if "code" in line.literals[2]:
            # It has a name that is not ASCII and that nobody has asked for as UTF-8.
            name = f"code 0x{name}"
        frame = PythonFrame(name, file, current or None, int(first_line), int(offset))
        self._frames.setdefault(int(key, 16), {})[int(depth)] = frame

    def _show_raw(self, record: Record) -> None:
        text = textform.write(record)
        if text.strip() and self._top is not None:
            self._top.take_message(text)
        elif text.strip():
            self._write(self._writer.message(text))

    def take_snapshot(self, elapsed: float, maps: Maps) -> None:
        """All maps, so many seconds after the trace has begun."""
        self._look_for_processes(maps)
        if not self._intervals:
            self._began = self._interval_end = now() - datetime.timedelta(seconds=elapsed)
        if not self._maps:
            # Otherwise the script's end has been read before this.
            end = self._began + datetime.timedelta(seconds=elapsed)
            if self._top is None:
                self._show_interval(end, self._new(maps))
            else:
                self._show_top(self._top, end, maps)

    def _show_top(self, top: Top, end: datetime.datetime, maps: Maps) -> None:
        self._intervals += 1
        interval = Interval(self._intervals, self._interval_end, end)
        self._interval_end = end
        new, everything = (
            [table for part, found in parts if part.kind == "TABLE"
             and (table := self._table(part, of_part(part, found))) is not None]
            for parts in (self._new(maps), [(part, maps) for part in self._description.parts])
        )
        top.take(Tables(interval, new, everything))

    def end(self, writer: Writer | None = None) -> None:
        """All maps have come that will. @writer: for these, and what comes after them."""
        self._writer = writer or self._writer
        maps, self._maps = self._maps, {}
        self._look_for_processes(maps)
        if self._top is not None:
            # Its screen is left.
            self._top = self._differences = None
        if self._differences is None:
            for part in self._description.parts:
                self._show(part, maps)
            return
        parts = self._new(maps)
        if any(entries for _, found in parts for entries in found.values()):
            self._show_interval(self._end, parts)

    def _look_for_processes(self, maps: Maps) -> None:
        if self._grouping is not None:
            for part in self._description.parts:
                self._grouping.take(part, (
                    key for entries in of_part(part, maps).values() for entry in entries
                    if (key := self._marks.key(entry, part.keys)) is not None
                ))

    def _new(self, maps: Maps) -> list[tuple[Part, Maps]]:
        """What each part has of an interval."""
        assert self._differences is not None
        return [(self._differences.part(part), self._differences.take(part, maps))
                for part in self._description.parts]

    def _show_interval(self, end: datetime.datetime, parts: list[tuple[Part, Maps]]) -> None:
        self._intervals += 1
        self._write(self._writer.interval(Interval(self._intervals, self._interval_end, end)))
        self._interval_end = end
        for part, maps in parts:
            self._show(part, maps)

    def _show(self, part: Part, maps: Maps) -> None:
        found = of_part(part, maps)
        match part.kind:
            case "TABLE":
                strange: list[Map] = []
                table = self._table(part, found, strange)
                for one in strange:
                    self._show_raw(one)
                if table is not None:
                    self._write(self._writer.table(table))
            case "HISTOGRAM":
                self._show_histograms(part, found)
            case _:
                self._show_stacks(part, found)

    def _table(self, part: Part, found: Maps, strange: list[Map] | None = None) -> Table | None:
        """@strange: takes what is not as the description says."""
        maps: dict[str, dict[Key, int]] = {}
        shown = self._shown(part)
        greatest = {column.map for column in part.columns if column.several == "max"}
        for name, entries in found.items():
            for entry in entries:
                key = self._text_key(entry, part)
                if key is None or not isinstance(entry.value, int):
                    if strange is not None:
                        strange.append(Map(name, "map", (entry,)))
                else:
                    row = maps.setdefault(name, {})
                    # Names that differ in what no version of bpftrace tells apart, or places
                    # in one line.
                    before = row.get(key, 0)
                    row[key] = (max(before, entry.value) if name in greatest
                                else before + entry.value)
        return make_table(shown, maps) if maps else None

    def _shown(self, part: Part) -> Part:
        return part if self._grouping is None else self._grouping.part(part)

    def _show_histograms(self, part: Part, found: Maps) -> None:
        histograms: dict[Key, Histogram] = {}
        for name, entries in found.items():
            for entry in entries:
                key = self._text_key(entry, part)
                value = entry.value
                if key is not None and isinstance(value, int) and is_bucket(key, part):
                    key, value = key[:-1], histogram_of_one(int(key[-1]), value)
                if key is None or not isinstance(value, Histogram):
                    self._show_raw(Map(name, "hist", (entry,)))
                else:
                    before = histograms.get(key)
                    histograms[key] = value if before is None else combined(before, value)
        if histograms:
            self._write(self._writer.distributions(
                make_distributions(self._shown(part), histograms)
            ))

    def _text_key(self, entry: Entry, part: Part) -> Key | None:
        key = self._marks.key(entry, part.keys)
        if key is None:
            return None
        texts = tuple(element for element in key if isinstance(element, str))
        if len(texts) != len(key):
            return None
        texts = self._with_lines(texts, part.keys)
        return texts if self._grouping is None else self._grouping.key(part, texts)

    def _show_stacks(self, part: Part, found: Maps) -> None:
        # Several processes have the same stack.
        rows: dict[tuple[object, ...], StackRow] = {}
        labels = part._replace(keys=tuple(item for item in part.keys if item.kind in LABELS))
        for name, entries in found.items():
            for entry in entries:
                key = self._marks.key(entry, part.keys)
                row = None if key is None else self._stack_row(key, entry.value, part, labels)
                if key is None or row is None:
                    self._show_raw(Map(name, "map", (entry,)))
                elif row.value:
                    stack = tuple(element for item, element in zip(part.keys, key)
                                  if item.kind in STACK_KINDS)
                    before = rows.get((row.labels, stack))
                    value = row.value + (0 if before is None else before.value)
                    rows[row.labels, stack] = row._replace(value=value)
        if rows:
            sorted_rows = sorted(rows.values(), key=lambda row: -row.value)
            self._write(self._writer.stacks(
                Stacks(part.title, self._shown(labels).keys, part.columns[0],
                       tuple(sorted_rows))
            ))

    def _stack_row(
        self, key: tuple[str | Frames, ...], value: object, part: Part, labels: Part
    ) -> StackRow | None:
        if not isinstance(value, int):
            return None
        by_kind: dict[str, list[str | Frames]] = {}
        for item, element in zip(part.keys, key):
            by_kind.setdefault(item.kind, []).append(element)
        number, = by_kind["python"]
        if not isinstance(number, str) or not re.fullmatch(r"-?\d+", number):
            return None
        user, kernel = (
            tuple(frame for stack in by_kind.get(kind, ()) if isinstance(stack, Frames)
                  for frame in stack)
            for kind in ("user", "kernel")
        )
        texts = tuple(element for item, element in zip(part.keys, key)
                      if item in labels.keys and isinstance(element, str))
        if self._grouping is not None:
            texts = self._grouping.key(labels, texts)
        return StackRow(
            texts, self._python(int(number) & KEY_MASK), user, kernel, value
        )

    def _python(self, key: int) -> tuple[PythonFrame, ...] | None:
        frames = self._frames.get(key)
        if frames is None:
            return None if key else ()
        return tuple(frames[depth] for depth in sorted(frames))


def of_part(part: Part, maps: Maps) -> Maps:
    return {column.map: maps[column.map] for column in part.columns if maps.get(column.map)}


def now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()


def is_bucket(key: Key, part: Part) -> bool:
    """Does the key end with the least number that is in one?"""
    return part.has_buckets and re.fullmatch(r"0|[1-9]\d{0,18}", key[-1]) is not None \
        and int(key[-1]).bit_count() <= 1
