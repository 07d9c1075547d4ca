# SPDX-License-Identifier: BSD-2-Clause
"""What a script that describes its output is shown as: of what bpftrace 0.17, 0.23 and 0.27
have printed of shown.bt with hostile names, and of records that are made here."""

import csv
import io
import json
import os
import pty
import unittest
from typing import Any
from unittest import mock

from pyusdt.bpftrace import records
from pyusdt.bpftrace import script as script_text
from pyusdt.bpftrace.escaping import escape
from pyusdt.bpftrace.records import Bucket, Entry, Histogram, Map, Text
from pyusdt.rendering import description, screen
from pyusdt.rendering.csvtables import CsvWriter
from pyusdt.rendering.description import BadDescription
from pyusdt.rendering.jsonlines import JsonWriter
from pyusdt.rendering.marks import Line, Marks
from pyusdt.rendering.renderer import Renderer, Writer
from pyusdt.rendering.screen import Screen
from pyusdt.rendering.text import TextWriter
from test_records import FILE, RECORDINGS, VERSIONS, dialect, hostile_names

MARK = 3141592653589793238  # as in recordings/record
SHOWN = (RECORDINGS / "shown.bt").read_text()


def rendered(script: str, taken: list[records.Record], writer: Writer) -> str:
    described = description.read(script)
    assert described is not None
    shown: list[str] = []
    renderer = Renderer(described, Marks(described, MARK), writer, shown.append)
    for record in taken:
        renderer.take(record)
    renderer.end()
    return "".join(shown)


def recorded(version: str, writer: Writer) -> str:
    described = description.read(SHOWN)
    assert described is not None
    marked = script_text.read(Marks(described, MARK).script(SHOWN))
    lines = (RECORDINGS / f"{version}.shown").read_bytes().splitlines(keepends=True)
    return rendered(
        SHOWN, [records.read(line, dialect(version), marked) for line in lines], writer
    )


def cut(version: str, name: str) -> str:
    return name[:63] if version == "0.17" else name


def without_spaces(version: str, name: str) -> str:
    """As it is in a key: 0.27 leaves them out."""
    return cut(version, name).replace(" ", "") if version == "0.27" else cut(version, name)


class Recorded(unittest.TestCase):
    """Nothing that a name has is an element, a row or a line of its own."""

    maxDiff = None

    def members(self, version: str, kind: str) -> list[dict[str, object]]:
        found = map(json.loads, recorded(version, JsonWriter()).splitlines())
        return [members for members in found if members["type"] == kind]

    def test_rows(self) -> None:
        """With commas in the names, too. Of all: print() shall show two."""
        for version in VERSIONS:
            names = [without_spaces(version, name) for name in hostile_names()]
            file = without_spaces(version, FILE)
            calls: list[dict[str, object]] = [
                {"type": "row", "table": "Calls", "function": name, "file": file, "line": line,
                 **({"total_us": line * 1100} if line else {}), "calls": 1}
                for line, name in enumerate(names)
            ]
            values: list[dict[str, object]] = [
                {"type": "row", "table": "Values", "value": name, "function": name,
                 "file": file, "line": line, "longest_ms": line, "size_bytes": line * 1000}
                for line, name in enumerate(names)
            ]
            with self.subTest(version):
                self.assertEqual(self.members(version, "row"), calls[::-1] + values[::-1])

    def test_lines(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                found = self.members(version, "line")
                expected: list[dict[str, object]] = []
                for line, name in enumerate(hostile_names()):
                    name = cut(version, name)
                    expected.append({"type": "line", "function": name, "file": FILE,
                                     "line": line, "event": "call"})
                    # It is no FIELDS that has one.
                    text = f"part {name};"
                    expected.append({"type": "line", "text": text})
                self.assertEqual(found, expected)
                self.assertIn({"type": "message", "text": "A message."},
                              self.members(version, "message"))

    def test_histograms(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                found = {members["function"]: members["buckets"]
                         for members in self.members(version, "histogram")}
                self.assertEqual(
                    found,
                    {without_spaces(version, name): [bucket(line * 300)]
                     for line, name in enumerate(hostile_names())},
                )

    def test_stacks(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                found = [(members["value"], members["python"], members["time_us"])
                         for members in self.members(version, "stack")]
                # What took no time is none.
                self.assertEqual(found, [
                    (without_spaces(version, name),
                     [{"function": cut(version, name), "file": FILE, "line": None,
                       "first_line": line, "offset": 4}],
                     line)
                    for line, name in enumerate(hostile_names()) if line
                ][::-1])

    def test_csv(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                text = recorded(version, CsvWriter())
                calls, values = text.split("\n\n")
                head, *rows = csv.reader(io.StringIO(calls))
                self.assertEqual(head, ["function", "file", "line", "total_us", "calls"])
                names = [escape(without_spaces(version, name)) for name in hostile_names()]
                expected = [
                    name.replace("@", r"\x40", 1) if name.startswith("@") else name
                    for name in names
                ]
                self.assertEqual([row[0] for row in rows], expected[::-1])
                self.assertEqual(rows[-1][2:], ["0", "", "1"])
                self.assertEqual(len(values.splitlines()), len(names) + 1)

    def test_text(self) -> None:
        for version in VERSIONS:
            for width in None, 80, 50:
                with self.subTest(version, width=width):
                    text = recorded(version, TextWriter(Screen(width)))
                    visible = text.replace("\n", "").replace("\t", "")
                    self.assertTrue(visible.isprintable(), ascii(visible))
                    table = text.partition("\nCalls\n\n")[2].partition("\n\n")[0]
                    head, *rows = table.splitlines()
                    self.assertEqual(len(rows), len(hostile_names()))
                    if width is not None:
                        self.assertLessEqual(max(map(screen.width, (head, *rows))), width)
                    else:
                        at = head.index("FUNCTION")
                        begin = f"{'5.5 ms':>7}      1  é日本  "
                        self.assertTrue(any(row.startswith(begin) for row in rows), table)
                        self.assertEqual(rows[-1][at:at + 3], "f  ")

    def test_as_much_as_is_wanted(self) -> None:
        text = recorded("0.17", TextWriter(Screen(80), rows=2))
        rows = text.partition("\nCalls\n\n")[2].partition("\n\n")[0].splitlines()[1:]
        self.assertEqual(len(rows), 3)
        # 16 and 15 of all up to 16 are shown.
        self.assertRegex(rows[-1], r"\A 116 ms +15  \[15 more\]\Z")
        self.assertIn("\n[15 more, with 15: --rows shows them]\n", text)
        greatest = text.partition("\nValues\n\n")[2].partition("\n\n")[0].splitlines()[-1]
        # The greatest of the rest, and the sum.
        self.assertRegex(greatest, r"\A *14 ms  +103 KB  \[15 more\]\Z")

    def test_as_the_raw_form_has_it(self) -> None:
        """For --flame: without marks, and with nothing lost."""
        described = description.read(SHOWN)
        assert described is not None
        marks = Marks(described, MARK)
        marked = script_text.read(marks.script(SHOWN))
        for version in VERSIONS:
            lines = (RECORDINGS / f"{version}.shown").read_bytes().splitlines()
            for line in lines:
                record = records.read(line, dialect(version), marked)
                self.assertNotIn(str(MARK), str(marks.unmarked(record)))
                if isinstance(record, Map):
                    unmarked = marks.unmarked(record)
                    assert isinstance(unmarked, Map)
                    self.assertEqual(len(unmarked.entries), len(record.entries))


def bucket(value: int) -> dict[str, int]:
    """That of a power of two."""
    low = 1 << value.bit_length() - 1 if value else 0
    return {"low": low, "high": 2 * low - 1 if value > 1 else low, "count": 1}


TABLE = """\
/*
 * TABLE: Times
 * KEY: function, file, line
 * COLUMN: OWN @own_us us
 * COLUMN: SHARE @own_us share
 * COLUMN: TOTAL @total_us us nested
 * COLUMN: LONGEST @longest_us us max
 * COLUMN: CALLS @calls count
 */
"""


def entries(**values: int) -> tuple[Entry, ...]:
    return tuple(Entry((name, f"/srv/{name}.py", "7"), value)
                 for name, value in values.items())


class Tables(unittest.TestCase):
    maxDiff = None

    def test_columns_of_several_maps(self) -> None:
        text = rendered(TABLE, [
            Map("calls", "map", entries(a=1, bcd=1234567, c=3)),
            Map("own_us", "map", entries(c=900, bcd=1_234_567)),
            Map("longest_us", "map", ()),
        ], TextWriter(Screen()))
        self.assertEqual(text, """
Times

   OWN   SHARE      CALLS  FUNCTION  FILE:LINE
 1.2 s  99.9 %  1,234,567  bcd       /srv/bcd.py:7
900 us   0.1 %          3  c         /srv/c.py:7
     -       -          1  a         /srv/a.py:7
""")

    def test_rest(self) -> None:
        text = rendered(TABLE, [
            Map("own_us", "map", entries(a=70, b=20, c=10)),
            Map("total_us", "map", entries(a=90, b=80, c=70)),
            Map("longest_us", "map", entries(a=1, b=9, c=8)),
        ], TextWriter(Screen(), rows=1))
        self.assertEqual(text.splitlines()[-2:], [
            "70 us  70.0 %  90 us     1 us  a         /srv/a.py:7",
            "30 us  30.0 %      -     9 us  [2 more]",
        ])

    def test_names_that_cannot_be_told_apart(self) -> None:
        text = rendered(TABLE, [
            Map("longest_us", "map", entries(a=3) + entries(a=7) + entries(a=5)),
            Map("calls", "map", entries(a=3) + entries(a=7)),
        ], TextWriter(Screen()))
        self.assertEqual(text.splitlines()[-1], "   7 us     10  a         /srv/a.py:7")

    def test_nothing(self) -> None:
        self.assertEqual(rendered(TABLE, [Map("calls", "map", ())], TextWriter(Screen())), "")

    def test_again_and_again(self) -> None:
        """A script that prints each second."""
        calls = Map("calls", "map", entries(a=1))
        text = rendered(TABLE, [calls, calls, calls], TextWriter(Screen()))
        self.assertEqual(text.count("\nTimes\n"), 3)

    def test_what_is_not_as_described(self) -> None:
        text = rendered(TABLE, [
            Map("calls", "map", (Entry((), 42),)),
            Map("own_us", "map", (Entry(("f", "1"), 42), Entry(("f", "x", "1"), "text"))),
        ], TextWriter(Screen()))
        self.assertEqual(text, "@own_us[f, 1]: 42\n@own_us[f, x, 1]: text\n@calls: 42\n")

    def test_no_function(self) -> None:
        text = rendered(TABLE, [Map("calls", "map", (Entry(("", "", "0"), 5),))],
                        TextWriter(Screen()))
        self.assertEqual(text.splitlines()[-1], "    5  [no Python]")

    def test_cells_that_begin_a_formula(self) -> None:
        for name in "=1+1", "+1", "-1", "@SUM(A1)":
            text = rendered(TABLE, [Map("calls", "map", entries(**{name: 1}))], CsvWriter())
            cell = next(csv.reader(io.StringIO(text.splitlines()[1])))[0]
            self.assertEqual(cell, f"\\x{ord(name[0]):02x}{name[1:]}")

    def test_paths_are_cut_at_the_left(self) -> None:
        path = "/a/very/long/path" * 5
        text = rendered(
            TABLE, [Map("calls", "map", (Entry(("f", f"{path}.py", "12"), 5),))],
            TextWriter(Screen(60)),
        )
        line = text.splitlines()[-1]
        self.assertEqual(len(line), 60)
        self.assertTrue(line.endswith(f"{path[-20:]}.py:12"))
        self.assertIn("f         \u2026", line)


class Widths(unittest.TestCase):
    """Of the columns of a table that is wider than the terminal."""

    SCRIPT = "/*\n * TABLE: Calls\n * KEY: PID process, COMMAND command, SYSCALL text," \
             " function, file, line\n * COLUMN: CALLS @calls count\n */\n"
    PYTHON = "python3.14"
    NAMES = ("Arbiter.wait_for_signals", "/usr/lib/python3/dist-packages/gunicorn/arbiter.py")

    def table(self, width: int, *commands: str, rows: int | None = None) -> list[str]:
        text = rendered(self.SCRIPT, [Map("calls", "map", tuple(
            Entry((str(pid), command, "clock_nanosleep", *self.NAMES, "417"), 900 - pid)
            for pid, command in enumerate(commands, 100)
        ))], TextWriter(Screen(width), rows))
        lines = text.splitlines()[3:]
        self.assertLessEqual(max(map(len, lines)), width)
        return lines[1:]

    def test_which_gives_way(self) -> None:
        """Of the rows of two processes with the same command the name goes at once; then files,
        functions, and the name of the system call last."""
        for width, expected in (
            (130, "800  100 python3.14  clock_nanosleep  Arbiter.wait_for_signals  "
                  "/usr/lib/python3/dist-packages/gunicorn/arbiter.py:417"),
            (110, "800  100      clock_nanosleep  Arbiter.wait_for_signals  "
                  "\u2026/lib/python3/dist-packages/gunicorn/arbiter.py:417"),
            (80, "800  100      clock_nanosleep  Arbiter.wait_for_signals  "
                 "\u2026icorn/arbiter.py:417"),
            (70, "800  100      clock_nanosleep  \u2026r.wait_for_signals  "
                 "\u2026/arbiter.py:417"),
            (60, "800  100      clock_nanos\u2026  \u2026for_signals  \u2026/arbiter.py:417"),
        ):
            with self.subTest(width=width):
                self.assertEqual(self.table(width, self.PYTHON, self.PYTHON)[0],
                                 f"  {expected}")

    def test_commands_that_differ(self) -> None:
        lines = self.table(90, "gunicorn: worker [shop]", "celery")
        self.assertTrue(lines[0].startswith("  800  100 gunicorn: w\u2026  clock_nanosleep  "))
        self.assertTrue(lines[1].startswith("  799  101 celery        clock_nanosleep  "))
        self.assertTrue(self.table(60, "gunicorn: worker [shop]", "celery")[0].startswith(
            "  800  100      clock_nano"))

    def test_number_of_those_that_are_not_shown(self) -> None:
        """It is whole, and no column is wider for it."""
        lines = self.table(80, *[self.PYTHON] * 500, rows=1)
        self.assertEqual(lines[1].split("  ")[-1], "[499 more]")
        self.assertIn("  100      clock_nanosleep  ", lines[0])


class Lines(unittest.TestCase):
    ITEMS = description.items("pid number, path file, function, file, line")
    LINE = Line(("", "  ", ", by ", " (", ":", ")\n"), ("7", "/etc/x", "f", "/srv/f.py", "3"))

    def test_as_the_script_has_it(self) -> None:
        self.assertEqual(TextWriter(Screen()).line(self.LINE, self.ITEMS),
                         "7  /etc/x, by f (/srv/f.py:3)\n")

    def test_no_function(self) -> None:
        line = self.LINE._replace(data=("7", "/etc/x", "", "", "0"))
        self.assertEqual(TextWriter(Screen()).line(line, self.ITEMS),
                         "7  /etc/x, by [no Python]\n")

    def test_the_last_file_gives_way_first(self) -> None:
        line = self.LINE._replace(data=("7", "/e" * 15, "f", "/s" * 15, "3"))
        text = TextWriter(Screen(60)).line(line, self.ITEMS)
        self.assertEqual(len(text.rstrip("\n")), 60)
        self.assertIn("7  " + "/e" * 15 + ", by f (\u2026", text)

    def test_names_of_files_stay(self) -> None:
        line = self.LINE._replace(data=("7", "/srv/shop/rates.json", "f", "/srv/rates.py", "3"))
        for width, expected in (
            (45, "7  /srv/shop/rates.json, by f (\u2026v/rates.py:3)"),
            (40, "7  \u2026shop/rates.json, by f (\u2026/rates.py:3)"),
            (20, "7  \u2026/rates.json, by f (\u2026/rates.py:3)"),
        ):
            text = TextWriter(Screen(width)).line(line, self.ITEMS)
            self.assertEqual(text, f"{expected}\n")

    def test_words(self) -> None:
        line = Line(("", ": ", "\n"), ("7", r"sleep\x000.1\x00"))
        items = description.items("pid number, words words")
        self.assertEqual(TextWriter(Screen()).line(line, items), "7: sleep 0.1\n")
        self.assertEqual(json.loads(JsonWriter().line(line, items))["words"], ["sleep", "0.1"])


class Histograms(unittest.TestCase):
    def test_gaps(self) -> None:
        script = "/*\n * HISTOGRAM: Times\n * COLUMN: TIME @us us\n */\n"
        hits = (9, 0, 0, 0, 0, 2, 0, 1)
        buckets = tuple(Bucket(1 << at, (2 << at) - 1, count)
                        for at, count in enumerate(hits, 5))
        text = rendered(script, [Map("us", "hist", (Entry((), Histogram(buckets, False)),))],
                        TextWriter(Screen()))
        self.assertEqual(text, f"""
Times

      32 us to 64 us       9 |{'@' * 40}|
                 ...
    1.0 ms to 2.0 ms       2 |{'@' * 8:40}|
    2.0 ms to 4.1 ms       0 |{' ' * 40}|
    4.1 ms to 8.2 ms       1 |{'@' * 4:40}|
""")

    BUCKETS = "/*\n * HISTOGRAM: Times\n * KEY: function, bucket\n * COLUMN: TIME @us us\n */\n"

    def test_those_kept_as_numbers(self) -> None:
        """Each row of them is an entry of the map, in any order."""
        taken: list[records.Record] = [Map("us", "map", tuple(
            Entry(key, value) for key, value in (
                (("f", "4"), 1), (("g", "0"), 3), (("f", "1"), 2), (("g", "1"), 1),
                # Names that bpftrace does not tell apart.
                (("f", "4"), 1),
                # What is none.
                (("f", "3"), 1), (("f", "-1"), 1), (("f", "4"), "x"),
            )
        ))]
        found = [json.loads(line) for line in
                 rendered(self.BUCKETS, taken, JsonWriter()).splitlines()]
        of_f = [{"low": 1, "high": 1, "count": 2}, {"low": 2, "high": 3, "count": 0},
                {"low": 4, "high": 7, "count": 2}]
        of_g = [{"low": 0, "high": 0, "count": 3}, {"low": 1, "high": 1, "count": 1}]
        both = {"type": "histogram", "table": "Times", "unit": "us"}
        self.assertEqual(found, [
            {"type": "message", "text": "@us[f, 3]: 1"},
            {"type": "message", "text": "@us[f, -1]: 1"},
            {"type": "message", "text": "@us[f, 4]: x"},
            {**both, "function": "f", "buckets": of_f},
            {**both, "function": "g", "buckets": of_g},
        ])

    def test_bucket_is_the_last_of_a_histogram(self) -> None:
        for script in (self.BUCKETS.replace("HISTOGRAM", "TABLE"),
                       self.BUCKETS.replace("function, bucket", "bucket, function")):
            with self.assertRaisesRegex(description.BadDescription, "bucket is the last"):
                description.read(script)


class Places(unittest.TestCase):
    """Two of them may be in one line."""

    def rendered(self, part: str, taken: Map) -> list[dict[str, Any]]:
        described = description.read(f"/*\n * {part}\n */\n")
        assert described is not None
        shown: list[str] = []
        renderer = Renderer(described, Marks(described, MARK), JsonWriter(), shown.append,
                            shown_line={"7": "12", "8": "12", "9": "3+"}.__getitem__)
        renderer.take(taken)
        renderer.end()
        return [json.loads(line) for line in "".join(shown).splitlines()]

    def entry(self, place: int, value: object) -> Entry:
        return Entry(("f", str(MARK), "f.py", str(place)), value)

    def test_rows_of_a_line_are_one(self) -> None:
        for several, number in ("", 9), (" max", 5):
            rows = self.rendered(
                f"TABLE: t\n * KEY: function, file, line\n * COLUMN: CALLS @calls count{several}",
                Map("calls", "map", (self.entry(7, 4), self.entry(8, 5), self.entry(9, 3))),
            )
            self.assertEqual([(row["line"], row["calls"]) for row in rows],
                             [(12, number), (None, 3)])

    def test_histograms_of_a_line_are_one(self) -> None:
        def histogram(low: int, hits: int) -> Histogram:
            return Histogram((Bucket(low, 2 * low - 1, hits), Bucket(2 * low, 4 * low - 1, 1)),
                             False)

        row, = self.rendered(
            "HISTOGRAM: t\n * KEY: function, file, line\n * COLUMN: TIME @t us",
            Map("t", "hist", (self.entry(7, histogram(16, 3)), self.entry(8, histogram(2, 4)))),
        )
        self.assertEqual([(row["low"], row["high"], row["count"]) for row in row["buckets"]], [
            (2, 3, 4), (4, 7, 1), (8, 15, 0), (16, 31, 3), (32, 63, 1),
        ])

    def test_histograms_from_below_zero(self) -> None:
        negative = Histogram((Bucket(None, -1, 2),), False)
        row, = self.rendered(
            "HISTOGRAM: t\n * KEY: function, file, line\n * COLUMN: TIME @t us",
            Map("t", "hist", (
                self.entry(7, Histogram((Bucket(2, 3, 1),), False)), self.entry(8, negative),
            )),
        )
        self.assertEqual([(row["low"], row["high"], row["count"]) for row in row["buckets"]],
                         [(None, -1, 2), (0, 0, 0), (1, 1, 0), (2, 3, 1)])

    def test_histograms_from_zero(self) -> None:
        first = Histogram((Bucket(0, 0, 2), Bucket(1, 1, 5)), False)
        row, = self.rendered(
            "HISTOGRAM: t\n * KEY: function, file, line\n * COLUMN: TIME @t us",
            Map("t", "hist", (
                self.entry(7, first), self.entry(8, Histogram((Bucket(4, 7, 1),), False)),
            )),
        )
        self.assertEqual([(row["low"], row["high"], row["count"]) for row in row["buckets"]],
                         [(0, 0, 2), (1, 1, 5), (2, 3, 0), (4, 7, 1)])


class Stacks(unittest.TestCase):
    SCRIPT = """\
/*
 * STACKS: By stack
 * KEY: python, kernel, user
 * COLUMN: SAMPLES @stacks samples
 */
"""

    def frame(self, key: str, depth: int, name: str, line: int = 5) -> Text:
        words = (key, str(depth), name, f"{name}.py", "3", "8", "4711", "0x7f00", str(line))
        return Text("printf", "STACK\t" + "\t".join(f"{MARK}{word}{MARK}" for word in words)
                    + "\n")

    def test_frames(self) -> None:
        entry = Entry(
            ("-1", records.Frames(("schedule+3", "do_futex+4")),
             records.Frames(("memcpy+1", "0x7f", "0x8f", "_PyEval_EvalFrameDefault+9", "main"))),
            3,
        )
        text = rendered(self.SCRIPT, [
            self.frame("f" * 16, 1, "main", 0), self.frame("f" * 16, 0, "work"),
            Map("stacks", "map", (
                Entry(("0", records.Frames(), records.Frames()), 1), entry,
                Entry(("77", records.Frames(), records.Frames()), 2),
            )),
        ], TextWriter(Screen()))
        self.assertEqual(text, """
By stack

3 samples  50.0 %
    [kernel] schedule < do_futex
    memcpy
    [unknown]
    work (work.py:5)
    main (main.py:3+)

2 samples  33.3 %
    [unknown stack]

1 sample  16.7 %
    [no Python]
""")

    def test_deep_ones_and_many(self) -> None:
        frames = [self.frame("5", depth, f"f{depth}") for depth in range(40)]
        keys = tuple(Entry((str(key), records.Frames(), records.Frames()), 10 - key)
                     for key in range(5, 0, -1))
        text = rendered(self.SCRIPT, [*frames, Map("stacks", "map", keys)],
                        TextWriter(Screen(40)))
        self.assertIn("    f14 (f14.py:5)\n    [25 more]\n", text)
        text = rendered(self.SCRIPT, [*frames, Map("stacks", "map", keys)],
                        TextWriter(Screen(40), rows=1))
        self.assertTrue(text.endswith("\n26 samples  74.3 %  [4 more: --flame shows all]\n"))


class Descriptions(unittest.TestCase):
    def test_none(self) -> None:
        for script in "BEGIN { }", "/* TABLE: x */", "// TABLE: x\n", \
                "BEGIN { }\n/*\n * TABLE: later\n */":
            self.assertIsNone(description.read(script), script)

    def test_bad(self) -> None:
        for lines, told in (
            ("KEY: function", "KEY before any of TABLE"),
            ("TABLE: t", "TABLE 't' has no COLUMN"),
            ("TABLE: t\n * COLUMN: A a us", "'A a us' is not HEADING @MAP UNIT"),
            ("TABLE: t\n * COLUMN: A @a weeks", "'A @a weeks' is not"),
            ("TABLE: t\n * COLUMN: A @a us min", "'A @a us min' is not"),
            ("TABLE: t\n * KEY: name", "'name' is not [HEADING] KIND"),
            ("TABLE: t\n * COLUMN: A @a us\n * SORT: B", "has no column B"),
            ("STACKS: t\n * KEY: kernel\n * COLUMN: A @a us", "begins with python"),
        ):
            with self.subTest(lines), self.assertRaises(BadDescription) as raised:
                description.read(f"/*\n * {lines}\n */\n")
            self.assertIn(told, str(raised.exception))


class TextOfScripts(unittest.TestCase):
    def marked(self, script: str) -> str:
        described = description.read(script)
        assert described is not None
        return Marks(described, 9).script(script)

    def test_what_is_marked(self) -> None:
        header = ("/*\n * TABLE: t\n * KEY: NAME text, function, file, line\n"
                  " * COLUMN: A @a us\n */\n")
        self.assertEqual(
            self.marked(header + """\
// @a[str(1), str(2), str(3), 4] and print(@a, 3) are words here.
{ @a[str(arg4), f(x, "]"), str(uptr($file)), arg2] = count(); @b[str(1), str(2)] = 1; }
END { printf("%% %-5s|%d\\n", "x", @a["p", "q", "r", 1]); print(@a, 20); print(@b, 5, 1000);
	print(@a); print((1, 2)); printf("no data\\n"); }
"""),
            header + """\
// @a[str(1), str(2), str(3), 4] and print(@a) are words here.
{ @a[str(arg4), 9, f(x, "]"), 9, str(uptr($file)), arg2] = count(); @b[str(1), str(2)] = 1; }
END { printf("%% 9%-5s9|9%d9\\n", "x", @a["p", 9, "q", 9, "r", 1]); print(@a); print(@b, 0, 1000);
	print(@a); print((1, 2)); printf("no data\\n"); }
""")

    def test_each_trace_has_its_own(self) -> None:
        script = TABLE + '{ printf("%d", 1); }'
        self.assertNotEqual(
            *(Marks(described).script(script) for described in [description.read(script)] * 2
              if described is not None))

    def test_line_that_is_not_whole(self) -> None:
        described = description.read(TABLE)
        assert described is not None
        self.assertEqual(Marks(described, 99).line("a 99b").text(), "a b")


class Screens(unittest.TestCase):
    def test_terminal(self) -> None:
        main, terminal = pty.openpty()
        self.addCleanup(os.close, main)
        self.addCleanup(os.close, terminal)
        for environment, colours in (
            ({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": ""}, True),
            ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({}, False),
        ):
            with mock.patch.dict(os.environ, environment, clear=True):
                self.assertEqual(screen.screen_of(terminal, "utf-8"), Screen(80, colours))
        with open("/dev/null", "wb") as file:
            self.assertEqual(screen.screen_of(file.fileno(), "ascii"),
                             Screen(None, False, "..."))

    def test_widths(self) -> None:
        self.assertEqual(screen.fitted([10, 20], 40), [10, 20])
        self.assertEqual(screen.fitted([100, 20], 40), [20, 20])
        self.assertEqual(screen.fitted([100, 90], 41), [20, 21])
        self.assertEqual(screen.fitted([100, 5, 90], 20), [12, 5, 12])
        self.assertEqual(screen.fitted([20, 90, 10], 60, [15, 50, 9]), [15, 50, 9])

    def test_cut(self) -> None:
        self.assertEqual(screen.cut_left("abcdef", 4, "\u2026"), "\u2026def")
        self.assertEqual(screen.cut_right("abcdef", 4, "..."), "a...")
        self.assertEqual(screen.cut_left("日本語", 5, "\u2026"), "\u2026本語")
        self.assertEqual(screen.cut_left("日本語", 4, "\u2026"), "\u2026語")
        self.assertEqual(screen.width("e\u0301日"), 3)
        self.assertEqual(screen.cut_left("abc", 2, "..."), "bc")

    def test_cut_command(self) -> None:
        for size, expected in (
            (16, "15744 python3.14"), (15, "15744 python3.\u2026"), (11, "15744 pyth\u2026"),
            (10, "15744"), (4, "157\u2026"),
        ):
            self.assertEqual(screen.cut_command("15744 python3.14", size, "\u2026"), expected)


if __name__ == "__main__":
    unittest.main()
