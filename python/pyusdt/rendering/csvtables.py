# SPDX-License-Identifier: BSD-2-Clause
"""The tables as CSV, with an empty line between them; a heading has a number's unit."""

import csv
import io
from collections.abc import Sequence

from pyusdt.bpftrace.escaping import escape
from pyusdt.rendering.description import Item
from pyusdt.rendering.jsonlines import NUMBERS, interval_members
from pyusdt.rendering.marks import Line
from pyusdt.rendering.model import Distributions, Interval, Stacks, Table

# What spreadsheets take for a formula when it begins a cell.
FORMULA = ("=", "+", "-", "@")


class CsvWriter:
    def __init__(self, rows: int | None = None) -> None:
        self._rows = rows or None
        self._has_begun = False
        self._interval: dict[str, object] = {}

    def interval(self, interval: Interval) -> str:
        self._interval = interval_members(interval)
        return ""

    def line(self, line: Line, items: Sequence[Item]) -> str:
        return ""

    def message(self, text: str) -> str:
        return ""

    def table(self, table: Table) -> str:
        columns = [(at, column) for at, column in enumerate(table.columns)
                   if column.unit != "share"]
        text = io.StringIO()
        if self._has_begun:
            text.write("\n")
        self._has_begun = True
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*self._interval, *(item.name for item in table.keys),
                         *(column.name for _, column in columns)])
        for row in table.rows[:self._rows]:
            writer.writerow([
                *self._interval.values(),
                *(cell(text, item) for item, text in zip(table.keys, row.key)),
                *(row.values[at] for at, _ in columns),
            ])
        return text.getvalue()

    def distributions(self, found: Distributions) -> str:
        return ""

    def stacks(self, found: Stacks) -> str:
        return ""


def cell(text: str, item: Item) -> str:
    shown = escape(text)
    if item.kind in NUMBERS or not shown.startswith(FORMULA):
        return shown
    return f"\\x{ord(shown[0]):02x}{shown[1:]}"
