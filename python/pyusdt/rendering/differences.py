# SPDX-License-Identifier: BSD-2-Clause
"""What is new in maps since they were last seen.

Counts, sums and histograms grow: the difference is exact, whenever they are read, and all
differences together are what the map has at last. The greatest, the least and the average since the
beginning have no difference: such a column is shown as it is, and its heading says so. Any other
map has what is so at that time.
"""

import re
from collections import Counter
from typing import NamedTuple

from pyusdt.bpftrace.records import Entry, Frames, Histogram
from pyusdt.bpftrace.script import NO_CODE
from pyusdt.rendering.description import Column, Description, Part
from pyusdt.rendering.model import combined
from pyusdt.rendering.snapshots import Maps

ASSIGNMENT = re.compile(
    r"@(\w+)(?:\[[^;{}]*?\])?\s*(?:=(?!=)\s*(\w*)|(\+\+|\+=|--|-=))"
)
GROWING = {"count", "sum", "hist", "lhist", "++", "+="}
SO_FAR = {"max", "min", "avg", "stats"}
SUFFIX = "-SO-FAR"

Key = tuple[str | Frames, ...]
Amount = int | Histogram
Seen = dict[Key, Amount]


class Filled(NamedTuple):
    """How maps are, by their names."""

    growing: frozenset[str]
    so_far: frozenset[str]


def filled(script: str, description: Description) -> Filled:
    code = NO_CODE.sub(" ", script)
    found: dict[str, set[str]] = {}
    for name, function, operator in ASSIGNMENT.findall(code):
        found.setdefault(name, set()).add(function or operator)
    names = {name: found.get(name, set()) for name in description.maps()}
    return Filled(
        frozenset(name for name, how in names.items() if how and how <= GROWING),
        frozenset(name for name, how in names.items() if how and how <= SO_FAR),
    )


class Differences:
    def __init__(self, filled: Filled) -> None:
        self._filled = filled
        # Of those that grow.
        self._seen: dict[str, Seen] = {}

    def part(self, part: Part) -> Part:
        """As it is of an interval."""
        columns = tuple(map(self._column, part.columns))
        return part._replace(columns=columns, sort=columns[part.sort_index].heading)

    def _column(self, column: Column) -> Column:
        if column.map not in self._filled.so_far:
            return column
        return column._replace(heading=column.heading + SUFFIX)

    def take(self, part: Part, maps: Maps) -> Maps:
        """The maps of this part, with what is new in them."""
        found: dict[str, Seen] = {}
        for name in {column.map for column in part.columns} & maps.keys():
            if name in self._filled.growing and maps[name]:
                found[name] = self._difference(name, maps[name])
        changed = {key for seen in found.values() for key, amount in seen.items()
                   if has_any(amount)}
        grows = any(column.map in self._filled.growing for column in part.columns)
        result = {}
        for name in dict.fromkeys(column.map for column in part.columns):
            if name in found:
                result[name] = tuple(Entry(key, amount) for key, amount in found[name].items()
                                     if key in changed)
            elif name in maps and name not in self._filled.growing:
                result[name] = tuple(entry for entry in maps[name]
                                     if entry.key in changed or not grows)
        return result

    def _difference(self, name: str, entries: tuple[Entry, ...]) -> Seen:
        """A map that grows is never empty again, but for the script's end, which may be read
        before the last time that it was printed."""
        before, now = self._seen.get(name, {}), together(entries)
        self._seen[name] = now
        return {key: without(amount, before.get(key)) for key, amount in now.items()}


def together(entries: tuple[Entry, ...]) -> Seen:
    """Several may have a key that reads the same."""
    found: Seen = {}
    for entry in entries:
        before = found.get(entry.key)
        if isinstance(entry.value, int):
            found[entry.key] = entry.value + (before if isinstance(before, int) else 0)
        elif isinstance(entry.value, Histogram):
            found[entry.key] = (combined(before, entry.value)
                                if isinstance(before, Histogram) else entry.value)
    return found


def without(amount: Amount, before: Amount | None) -> Amount:
    """What is less than before has begun anew."""
    if isinstance(amount, int):
        return amount - before if isinstance(before, int) and before <= amount else amount
    if not isinstance(before, Histogram):
        return amount
    rest = combined(amount, before, -1)
    return amount if any(bucket.hits < 0 for bucket in rest.buckets) else rest


def has_any(amount: Amount) -> bool:
    return bool(amount.buckets if isinstance(amount, Histogram) else amount)
