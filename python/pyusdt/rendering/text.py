# SPDX-License-Identifier: BSD-2-Clause
"""What a person reads: aligned tables, histograms and stacks, as wide as the terminal."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pyusdt.amounts import SCALES, amount, percent
from pyusdt.bpftrace.escaping import escape
from pyusdt.bpftrace.records import Bucket
from pyusdt.lines.places import FIRST_LINE
from pyusdt.rendering.description import TEXTS, Column, Item
from pyusdt.rendering.marks import Line, words
from pyusdt.rendering.model import (
    NO_FUNCTION, Distribution, Distributions, Interval, Key, PythonFrame, Stacks, StackRow, Table,
    Values, cells, summed,
)
from pyusdt.rendering.screen import (
    PADDED, Screen, cut_command, cut_left, cut_right, fitted, padded, width,
)
from pyusdt.rendering.widths import column_widths
from pyusdt.stacks.frames import KERNEL, NATIVE
from pyusdt.stacks.joining import below_interpreter, named_frames

GAP = "  "
INDENT = "    "
ROWS = 20
HISTOGRAMS = 5
STACKS = 5
FRAMES = 16
BAR = 40
LONG_GAP = 4
# What a line that does not fit is cut to, as far as it has files.
LEAST_FILE = 16
# All else is cut at the left.
CUTTING = {"text": cut_right, "command": cut_command}


class TextWriter:
    def __init__(self, screen: Screen, rows: int | None = None) -> None:
        """@rows: of each table; 0: all."""
        self._screen = screen
        self._rows = rows

    def _limit(self, default: int) -> int | None:
        return (default if self._rows is None else self._rows) or None

    def _title(self, title: str) -> str:
        return f"\n{self._screen.bold(title)}\n\n"

    def interval(self, interval: Interval) -> str:
        return f"\n{self._screen.bold(f'{interval.end:%H:%M:%S}')}{GAP}{interval.seconds:.1f} s\n"

    def line(self, line: Line, items: Sequence[Item]) -> str:
        """As the script has it. On a terminal files give way, the last one first."""
        kinds = [item.kind for item in items] or [""] * len(line.data)
        text = line.literals[-1]
        end = "\n" if text.endswith("\n") else ""
        literals = [escape(literal, keep="\t")
                    for literal in (*line.literals[:-1], text.removesuffix("\n"))]
        data = [escape(" ".join(words(datum)) if kind == "words" else datum)
                for datum, kind in zip(line.data, kinds)]
        for at, kind in enumerate(kinds):
            if kind == "function" and not data[at]:
                # Nor has it a file and a line.
                data[at:], literals[at + 1:] = [NO_FUNCTION], [""]
                break
        if self._screen.width is not None:
            excess = sum(map(width, (*data, *literals))) - self._screen.width
            for at in reversed(range(len(data))):
                if kinds[at] == "file" and excess > 0:
                    before = width(data[at])
                    data[at] = cut_left(data[at], max(least_of_path(data[at]), before - excess),
                                        self._screen.ellipsis)
                    excess -= before - width(data[at])
        return "".join(
            literal + datum for literal, datum in zip(literals, (*data, ""))
        ) + end

    def message(self, text: str) -> str:
        return text

    def table(self, table: Table) -> str:
        lines = self.table_lines(table, self._limit(ROWS))
        return self._title(table.title) + "".join(f"{line}\n" for line in lines)

    def table_lines(
        self, table: Table, limit: int | None, arrows: Mapping[str, str] = {}
    ) -> list[str]:
        """@limit: None for all. @arrows: beside which heading stands what."""
        top, rest = table.rows[:limit], table.rows[limit:] if limit else ()
        totals = summed(table.columns, table.rows)
        items = [item for item, _ in cells(table.keys, table.rows[0].key)]
        rows = [
            ([heading + arrows.get(heading, "")
              for heading in (column.heading for column in table.columns)],
             [item.heading + arrows.get(item.heading, "") for item in items]),
            *(([*numbers(table.columns, row.values, totals)],
               [escape(text) for _, text in cells(table.keys, row.key)]) for row in top),
        ]
        last = None
        if rest:
            values = [*numbers(table.columns, summed(table.columns, rest), totals)]
            last = values, f"[{len(rest):,} more]"
        return [*self._aligned(rows, last, [item.kind for item in items])]

    def _aligned(
        self, rows: list[tuple[list[str], list[str]]], last: tuple[list[str], str] | None,
        kinds: list[str],
    ) -> Iterator[str]:
        """Of rows of numbers and texts, the first of which are headings. The text of the last
        one has the place of all texts."""
        counts = [row[0] for row in rows] + ([last[0]] if last else [])
        number_sizes = [max(map(len, column)) for column in zip(*counts)]
        columns = [[row[1][at] for row in rows] for at in range(len(kinds))]
        if self._screen.width is None:
            sizes = [min(PADDED, max(map(width, column))) for column in columns]
        else:
            used = sum(number_sizes) + len(GAP) * (len(number_sizes) + len(kinds) - 1)
            sizes = column_widths(columns, kinds, self._screen.width - used)

        def line(values: list[str], texts: Iterable[str]) -> str:
            aligned = [f"{text:>{size}}" for text, size in zip(values, number_sizes)]
            return GAP.join([*aligned, *texts]).rstrip()

        for values, texts in rows:
            yield line(values, map(self._cell, texts, sizes, kinds))
        if last:
            yield line(last[0], [last[1]])

    def _cell(self, text: str, size: int, kind: str) -> str:
        if self._screen.width is not None:
            text = CUTTING.get(kind, cut_left)(text, size, self._screen.ellipsis)
        return padded(text, size)

    def distributions(self, found: Distributions) -> str:
        limit = self._limit(HISTOGRAMS)
        top, rest = found.of[:limit], found.of[limit:] if limit else ()
        text = self._title(found.title) + "\n".join(
            self._histogram(found, one) for one in top
        )
        if rest:
            hits = sum(one.hits() for one in rest)
            text += f"\n[{len(rest):,} more, with {hits:,}: --rows shows them]\n"
        return text

    def _histogram(self, found: Distributions, one: Distribution) -> str:
        rows = list(without_gaps(one.histogram.buckets))
        labels = ["" if bucket is None else bounds(bucket, found.column.unit)
                  for bucket in rows]
        size = max(map(len, labels), default=0)
        most = max((bucket.hits for bucket in one.histogram.buckets), default=0)
        digits = max(len(f"{most:,}"), 6)
        lines = [
            f"{INDENT}{'...':>{size}}" if bucket is None else
            f"{INDENT}{label:>{size}}{GAP}{bucket.hits:>{digits},} "
            f"|{'@' * (bucket.hits * BAR // most if most else 0):{BAR}}|"
            for label, bucket in zip(labels, rows)
        ]
        head = self._head(found.keys, one.key)
        return "".join(f"{line}\n" for line in ([head] if head else []) + lines)

    def _head(self, keys: tuple[Item, ...], key: Key) -> str:
        words = [
            escape(text) if item.kind in (*TEXTS, "command") else f"{item.name} {escape(text)}"
            for item, text in cells(keys, key) if text
        ]
        return self._joined(words)

    def _joined(self, words: list[str], taken: int = 0) -> str:
        """Beside what has so many columns."""
        if self._screen.width is not None:
            room = self._screen.width - taken - len(GAP) * len(words)
            sizes = fitted([*map(width, words)], room)
            words = [cut_left(word, size, self._screen.ellipsis)
                     for word, size in zip(words, sizes)]
        return GAP.join(words)

    def stacks(self, found: Stacks) -> str:
        limit = self._limit(STACKS)
        top, rest = found.rows[:limit], found.rows[limit:] if limit else ()
        total = found.total()
        text = self._title(found.title) + "\n".join(
            self._stack(row, found, total) for row in top
        )
        if rest:
            value = sum(row.value for row in rest)
            text += (f"\n{with_noun(value, found.column)}{GAP}{percent(value, total)}{GAP}"
                     f"[{len(rest):,} more: --flame shows all]\n")
        return text

    def _stack(self, row: StackRow, found: Stacks, total: int) -> str:
        head = GAP.join((with_noun(row.value, found.column), percent(row.value, total)))
        if row.labels:
            labels = [escape(text) for _, text in cells(found.keys, row.labels)]
            head += GAP + self._joined(labels, len(head))
        native = below_interpreter(row.user) if row.python else row.user
        frames = [*innermost_first(native, NATIVE), *python_frames(row)]
        limit = self._limit(FRAMES)
        if limit is not None and len(frames) > limit:
            frames[limit - 1:] = [f"[{len(frames) - limit + 1} more]"]
        lines = [self._cut(frame, cut_frame) for frame in frames]
        if row.kernel:
            # Much the same in all stacks: one line is enough of it.
            kernel = f"[kernel] {' < '.join(innermost_first(row.kernel, KERNEL))}"
            lines.insert(0, self._cut(kernel, cut_right))
        return f"{head}\n" + "".join(f"{INDENT}{line}\n" for line in lines)

    def _cut(self, text: str, cutting: Callable[[str, int, str], str]) -> str:
        if self._screen.width is None:
            return text
        return cutting(text, self._screen.width - len(INDENT), self._screen.ellipsis)


def numbers(columns: Sequence[Column], values: Values, totals: Values) -> Iterator[str]:
    for column, value, total in zip(columns, values, totals):
        if value is None:
            yield "-"
        elif column.unit == "share":
            yield percent(value, total or 0)
        else:
            yield shown(value, column.unit)


def shown(value: int, unit: str) -> str:
    """What is counted the heading says."""
    return amount(value, unit) if unit in SCALES else f"{value:,}"


def with_noun(value: int, column: Column) -> str:
    text = shown(value, column.unit)
    if column.unit in SCALES:
        return text
    noun = column.heading.lower()
    return f"{text} {noun.removesuffix('s') if value == 1 else noun}"


def innermost_first(names: tuple[str, ...], kind: str) -> list[str]:
    return [frame.name for frame in named_frames(names, kind)][::-1]


def least_of_path(path: str) -> int:
    """As far as a line is cut at that: the file's name, if that is not long."""
    return min(LEAST_FILE, width(path.rpartition("/")[2]) + len("\u2026/"))


def python_frames(row: StackRow) -> list[str]:
    if row.python is None:
        return ["[unknown stack]"]
    return [frame_text(frame) for frame in row.python] or [NO_FUNCTION]


def frame_text(frame: PythonFrame) -> str:
    line = f"{frame.first_line}{FIRST_LINE}" if frame.line is None else frame.line
    return f"{escape(frame.function)} ({escape(frame.file)}:{line})"


def cut_frame(text: str, size: int, ellipsis: str) -> str:
    """Its file gives way, then what stands before it."""
    name, bracket, place = text.rpartition(" (")
    room = size - width(name) - len(bracket)
    if bracket and room >= LEAST_FILE:
        return name + bracket + cut_left(place, room, ellipsis)
    return cut_left(text, size, ellipsis)


def without_gaps(buckets: tuple[Bucket, ...]) -> Iterator[Bucket | None]:
    """Of a long row of empty ones None is left."""
    for is_empty, group in itertools.groupby(buckets, lambda bucket: not bucket.hits):
        run = [*group]
        if is_empty and len(run) >= LONG_GAP:
            yield None
        else:
            yield from run


def bounds(bucket: Bucket, unit: str) -> str:
    low = "" if bucket.low is None else shown(bucket.low, unit)
    high = "" if bucket.high is None else shown(bucket.high + 1, unit)
    if bucket.low is not None and bucket.low == bucket.high:
        return low
    if not low:
        return f"under {high}"
    return f"{low} to {high}" if high else f"{low} or more"
