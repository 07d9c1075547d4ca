# SPDX-License-Identifier: BSD-2-Clause
"""JSON, a record on each line, in ASCII: whatever a name has, it cannot end a line or move a
cursor. The fields are described in pyusdt-trace(1)."""

import json
from collections.abc import Iterator, Sequence

from pyusdt.lines.places import FIRST_LINE, UNKNOWN
from pyusdt.rendering.description import Item
from pyusdt.rendering.marks import Line, words
from pyusdt.rendering.model import Distributions, Interval, Key, Stacks, Table

NUMBERS = ("line", "number", "process", "thread")


class JsonWriter:
    def __init__(self, rows: int | None = None) -> None:
        self._rows = rows or None
        self._interval: dict[str, object] = {}

    def interval(self, interval: Interval) -> str:
        self._interval = interval_members(interval)
        return ""

    def line(self, line: Line, items: Sequence[Item]) -> str:
        if not items:
            return record("line" if line.data else "message", text=line.text().rstrip("\n"))
        return record("line", **dict(named(items, line.data)))

    def message(self, text: str) -> str:
        return record("message", text=text.rstrip("\n"))

    def table(self, table: Table) -> str:
        columns = [column for column in table.columns if column.unit != "share"]
        at = [table.columns.index(column) for column in columns]
        return "".join(
            record(
                "row", table=table.title, **self._interval, **dict(named(table.keys, row.key)),
                **{column.name: row.values[index] for column, index in zip(columns, at)
                   if row.values[index] is not None},
            )
            for row in table.rows[:self._rows]
        )

    def distributions(self, found: Distributions) -> str:
        return "".join(
            record(
                "histogram", table=found.title, **self._interval, **dict(named(found.keys, one.key)),
                unit=found.column.unit,
                buckets=[{"low": bucket.low, "high": bucket.high, "count": bucket.hits}
                         for bucket in one.histogram.buckets],
            )
            for one in found.of[:self._rows]
        )

    def stacks(self, found: Stacks) -> str:
        return "".join(
            record(
                "stack", table=found.title, **self._interval, **dict(named(found.keys, row.labels)),
                python=None if row.python is None
                else [frame._asdict() for frame in row.python],
                user=list(row.user), kernel=list(row.kernel),
                **{found.column.name: row.value},
            )
            for row in found.rows[:self._rows]
        )


def interval_members(interval: Interval) -> dict[str, object]:
    begin, end = (time.isoformat(timespec="milliseconds")
                  for time in (interval.begin, interval.end))
    return {"interval": interval.number, "begin": begin, "end": end}


def named(items: Sequence[Item], key: Key) -> Iterator[tuple[str, object]]:
    for item, text in zip(items, key):
        if item.name != "-":
            yield item.name, json_value(text, item.kind)


def json_value(text: str, kind: str) -> object:
    if kind == "line" and text.endswith((FIRST_LINE, UNKNOWN)):
        return None
    if kind == "words":
        return words(text)
    return number(text) if kind in NUMBERS else text


def number(text: str) -> int | str:
    stripped = text.strip()
    return int(stripped) if stripped.lstrip("-").isdecimal() else stripped


def record(kind: str, **members: object) -> str:
    return json.dumps({"type": kind, **members}) + "\n"
