# SPDX-License-Identifier: BSD-2-Clause
"""Maps put together: several with the same key are the columns of one table."""

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pyusdt.bpftrace.records import Bucket, Histogram
from pyusdt.rendering.description import Column, Item, Part

Key = tuple[str, ...]
# Of a map that has another key in the same row there is none.
Values = tuple[int | None, ...]

# A row without a function is of a thread that runs none.
NO_FUNCTION = "[no Python]"

# What has a number and a name is one.
NUMBERED = {"process": "PROCESS", "thread": "THREAD"}


class Interval(NamedTuple):
    """Of which all is that is shown next."""

    number: int  # from 1
    begin: datetime.datetime
    end: datetime.datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()


class Row(NamedTuple):
    key: Key
    values: Values


class Table(NamedTuple):
    title: str
    keys: tuple[Item, ...]
    columns: tuple[Column, ...]  # those that have anything
    rows: tuple[Row, ...]  # sorted, the greatest first
    sorted_by: int = 0  # of the columns


def summed(columns: Sequence[Column], rows: Iterable[Row]) -> Values:
    values = [[value for value in column if value is not None]
              for column in zip(*(row.values for row in rows))]
    return tuple(map(together, columns, values or [[] for _ in columns]))


def together(column: Column, values: list[int]) -> int | None:
    if not values or column.several == "nested":
        return None
    return max(values) if column.several == "max" else sum(values)


def make_table(part: Part, maps: dict[str, dict[Key, int]]) -> Table:
    columns = tuple(column for column in part.columns if maps.get(column.map))
    keys = dict.fromkeys(key for column in columns for key in maps[column.map])
    rows = [
        Row(key, tuple(maps[column.map].get(key) for column in columns)) for key in keys
    ]
    wanted = part.columns[part.sort_index]
    at = columns.index(wanted) if wanted in columns else 0
    # Equal ones by name, so that the same trace reads the same.
    rows.sort(key=lambda row: row.key)
    rows.sort(key=lambda row: -1 if row.values[at] is None else row.values[at] or 0,
              reverse=True)
    return Table(part.title, part.keys, columns, tuple(rows), at)


class Distribution(NamedTuple):
    """Of one key, a histogram."""

    key: Key
    histogram: Histogram

    def hits(self) -> int:
        return sum(bucket.hits for bucket in self.histogram.buckets)

    def weight(self) -> int:
        """About what they sum up to: by this they are sorted."""
        return sum(bucket.hits * ((bucket.low or 0) + (bucket.high or bucket.low or 0)) // 2
                   for bucket in self.histogram.buckets)


class Distributions(NamedTuple):
    title: str
    keys: tuple[Item, ...]
    column: Column
    of: tuple[Distribution, ...]  # the heaviest first


def histogram_of_one(low: int, hits: int) -> Histogram:
    """As hist() has it. @low: the least that falls into its bucket, 0 or a power of two."""
    return Histogram((Bucket(low, max(2 * low - 1, 0), hits),), False)


def make_distributions(part: Part, found: dict[Key, Histogram]) -> Distributions:
    of = [Distribution(key, histogram) for key, histogram in found.items()]
    of.sort(key=lambda one: one.key)
    of.sort(key=Distribution.weight, reverse=True)
    keys = part.keys[:-1] if part.has_buckets else part.keys
    return Distributions(part.title, keys, part.columns[0], tuple(of))


def combined(one: Histogram, other: Histogram, sign: int = 1) -> Histogram:
    """Each has a row for all from its first one to its last, and so has what is returned."""
    hits: Counter[tuple[int | None, int | None]] = Counter()
    for histogram, factor in (one, 1), (other, sign):
        for bucket in histogram.buckets:
            hits[bucket.low, bucket.high] += factor * bucket.hits
    # Without a lower bound it is the first, without an upper one the last.
    ends = sorted(hits, key=lambda end: (end[0] is not None, end[0] or 0))
    while ends and not hits[ends[0]]:
        del ends[0]
    while ends and not hits[ends[-1]]:
        del ends[-1]
    buckets: list[Bucket] = []
    for low, high in ends:
        if buckets and not one.linear:
            buckets += gap(buckets[-1].high, low)
        buckets.append(Bucket(low, high, hits[low, high]))
    return Histogram(tuple(buckets), one.linear)


def gap(last: int | None, low: int | None) -> list[Bucket]:
    """Rows of powers of two, from behind @last to before @low."""
    found: list[Bucket] = []
    while last is not None and low is not None and last + 1 < low:
        # Behind the negative ones is 0, and then 1.
        high = max(2 * last + 1, 0)
        found.append(Bucket(last + 1, high, 0))
        last = high
    return found


class PythonFrame(NamedTuple):
    function: str
    file: str
    line: int | None  # the one that runs; None: not known
    first_line: int  # of the function
    offset: int


class StackRow(NamedTuple):
    """The innermost frame first, of each kind: kernel, native, Python."""

    labels: tuple[str, ...]
    python: tuple[PythonFrame, ...] | None  # None: not known
    user: tuple[str, ...]
    kernel: tuple[str, ...]
    value: int


class Stacks(NamedTuple):
    title: str
    keys: tuple[Item, ...]
    column: Column
    rows: tuple[StackRow, ...]  # the greatest first

    def total(self) -> int:
        return sum(row.value for row in self.rows)


def cells(keys: tuple[Item, ...], key: Key) -> list[tuple[Item, str]]:
    """What stands in a row for its key: file and line are one, FILE:LINE, and so are a number and
    a command."""
    found: list[tuple[Item, str]] = []
    has_function = True
    has_functions = any(item.kind == "function" for item in keys)
    for item, text in zip(keys, key):
        if item.kind == "function" and not text:
            text, has_function = NO_FUNCTION, False
        if item.kind == "command" and found and found[-1][0].kind in NUMBERED:
            number, word = found.pop()
            item = Item(NUMBERED[number.kind], "command")
            text = f"{word} {text}".rstrip()
        if item.kind == "file" and not text and not has_functions:
            text = NO_FUNCTION
        if item.kind == "line" and found and found[-1][0].kind == "file":
            place, file = found.pop()
            item = Item(f"{place.heading}:{item.heading}", "file")
            text = f"{file}:{text}" if file or has_function else ""
        found.append((item, text))
    return found
