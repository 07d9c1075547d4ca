# SPDX-License-Identifier: BSD-2-Clause
"""What stands on a screen that is kept: one table of the last interval, or of all since the
beginning, sorted by any of its columns. What draws it is trace/topscreen.py."""

from typing import NamedTuple

from pyusdt.bpftrace.escaping import escape
from pyusdt.rendering.model import Interval, Row, Table, cells
from pyusdt.rendering.screen import Screen, cut_right
from pyusdt.rendering.text import GAP, TextWriter

# Those above and below the rows: two lines, headings, the rest, keys.
AROUND = 5
KEYS = ("< > sort", "r reverse", "a all", "p freeze", "q quit")
NEXT_TABLE = "Tab next table"


class Tables(NamedTuple):
    interval: Interval
    new: list[Table]
    all: list[Table]


class Line(NamedTuple):
    text: str
    is_bold: bool = False


class Top:
    """*keys* change it, and *take* what it shows; *lines* are the screen."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tables: Tables | None = None
        self._next: Tables | None = None  # while it is frozen
        self._message = "waiting for the first interval"
        self._is_frozen = self._has_all = self._is_reversed = False
        self._title: str | None = None
        # By the table's title: the heading of the column.
        self._sorted: dict[str, str] = {}

    def take(self, tables: Tables) -> None:
        self._next = tables
        if not self._is_frozen:
            self._tables = tables

    def take_message(self, text: str) -> None:
        self._message = escape(text.removesuffix("\n"))

    def press(self, key: str) -> None:
        match key:
            case "p" | " ":
                self._is_frozen = not self._is_frozen
                if not self._is_frozen:
                    self._tables = self._next
            case "a":
                self._has_all = not self._has_all
            case "r":
                self._is_reversed = not self._is_reversed
            case "\t":
                self._go_to_next_table()
            case "<" | ">":
                self._move(1 if key == ">" else -1)
            case _:
                if (table := self._table()) and (heading := letters(table).get(key)):
                    self._sort_by(table, heading)

    def _shown(self) -> list[Table]:
        if self._tables is None:
            return []
        return self._tables.all if self._has_all else self._tables.new

    def _table(self) -> Table | None:
        """The one that was chosen, if there is something in it now."""
        shown = self._shown()
        return next((table for table in shown if table.title == self._title),
                    shown[0] if shown and self._title is None else None)

    def _go_to_next_table(self) -> None:
        titles = [table.title for table in (self._tables.all if self._tables else ())]
        if titles:
            at = titles.index(self._title) if self._title in titles else 0
            self._title = titles[(at + 1) % len(titles)]

    def _move(self, step: int) -> None:
        table = self._table()
        if table is not None:
            names = headings(table)
            at = names.index(self._sort_heading(table))
            self._sort_by(table, names[(at + step) % len(names)])

    def _sort_by(self, table: Table, heading: str) -> None:
        self._sorted[table.title] = heading
        self._is_reversed = False

    def _sort_heading(self, table: Table) -> str:
        wanted = self._sorted.get(table.title)
        return wanted if wanted in headings(table) else table.columns[table.sorted_by].heading

    def lines(self, screen: Screen, height: int) -> list[Line]:
        size = screen.width or 80
        lines = [Line(self._head()), Line("")]
        table = self._table()
        if table is None:
            lines.append(Line(self._title or self._message))
        else:
            lines[1] = Line(table.title)
            heading = self._sort_heading(table)
            rows = TextWriter(screen).table_lines(
                self._sorted_table(table, heading), max(height - AROUND, 1),
                {heading: self._arrow(table, heading, screen)},
            )
            lines += [Line(rows[0], True), *map(Line, rows[1:])]
        lines[max(height - 1, 1):] = []
        lines += [Line("")] * (height - 1 - len(lines)) + [Line(self._keys(table), True)]
        return [Line(cut_right(line.text, size, screen.ellipsis), line.is_bold)
                for line in lines[:height]]

    def _head(self) -> str:
        words = [escape(self._name)]
        if self._tables is not None:
            interval = self._tables.interval
            words += [f"{interval.end:%H:%M:%S}",
                      "all" if self._has_all else f"{interval.seconds:.1f} s"]
        if self._is_frozen:
            words.append("[frozen]")
        return GAP.join(words)

    def _keys(self, table: Table | None) -> str:
        words = [*KEYS]
        if table is not None:
            words[0] = f"< > {' '.join(letters(table))} sort"
        if self._tables is not None and len(self._tables.all) > 1:
            words.insert(-1, NEXT_TABLE)
        return GAP.join(words)

    def _sorted_table(self, table: Table, heading: str) -> Table:
        numbers = [column.heading for column in table.columns]
        if heading in numbers:
            at = numbers.index(heading)

            def number(row: Row) -> int:
                value = row.values[at]
                return -1 if value is None else value

            rows = sorted(table.rows, key=number, reverse=not self._is_reversed)
        else:
            column = headings(table).index(heading) - len(numbers)

            def text(row: Row) -> str:
                return cells(table.keys, row.key)[column][1]

            rows = sorted(table.rows, key=text, reverse=self._is_reversed)
        return table._replace(rows=tuple(rows))

    def _arrow(self, table: Table, heading: str, screen: Screen) -> str:
        is_number = heading in (column.heading for column in table.columns)
        arrows = "^v" if screen.ellipsis.isascii() else "\u2191\u2193"
        return arrows[is_number != self._is_reversed]


def headings(table: Table) -> list[str]:
    """Those of the numbers, then those of the texts."""
    return [*(column.heading for column in table.columns),
            *(item.heading for item, _ in cells(table.keys, table.rows[0].key))]


def letters(table: Table) -> dict[str, str]:
    """By a key, the heading of a column: its first letter that no other one has."""
    found: dict[str, str] = {}
    for heading in headings(table):
        letter = next((letter for letter in heading if letter.isupper() and letter not in found),
                      None)
        if letter is not None:
            found[letter] = heading
    return found
