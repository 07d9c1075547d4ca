# SPDX-License-Identifier: BSD-2-Clause
"""What is shown of each interval: of what bpftrace 0.17, 0.23 and 0.27 have printed of
snapshots.bt, and of maps that are made here."""

import collections
import csv
import datetime
import io
import json
import unittest
from collections.abc import Iterator

from pyusdt.bpftrace import records
from pyusdt.bpftrace import script as script_text
from pyusdt.bpftrace.records import Bucket, Entry, Histogram, Map
from pyusdt.rendering import description
from pyusdt.rendering.csvtables import CsvWriter
from pyusdt.rendering.differences import Differences, filled
from pyusdt.rendering.jsonlines import JsonWriter
from pyusdt.rendering.marks import Marks
from pyusdt.rendering.renderer import Renderer, Writer
from pyusdt.rendering.screen import Screen
from pyusdt.rendering.snapshots import Snapshots, prints_before_its_end
from pyusdt.rendering.text import TextWriter
from test_records import RECORDINGS, VERSIONS, dialect
from test_rendering import MARK

SNAPSHOT = "2718281828459045235:"  # as in recordings/record
SCRIPT = (RECORDINGS / "snapshots.bt").read_text()


def described(script: str) -> description.Description:
    found = description.read(script)
    assert found is not None
    return found


class Session:
    """Records that are shown by intervals."""

    def __init__(self, script: str, writer: Writer) -> None:
        about = described(script)
        self.marks = Marks(about, MARK)
        self.shown: list[str] = []
        self.renderer = Renderer(about, self.marks, writer, self.shown.append,
                                 Differences(filled(script, about)))
        self.snapshots = Snapshots(about, 200, self.renderer.take_snapshot, mark=SNAPSHOT)
        self.script = script_text.read(self.snapshots.script(self.marks.script(script)))

    def take(self, record: records.Record) -> None:
        if not self.snapshots.take(record):
            self.renderer.take(record)

    def text(self) -> str:
        self.renderer.end()
        return "".join(self.shown)


def recorded(version: str, writer: Writer) -> str:
    session = Session(SCRIPT, writer)
    for line in (RECORDINGS / f"{version}.snapshots").read_bytes().splitlines(keepends=True):
        session.take(records.read(line, dialect(version), session.script))
    return session.text()


def last_maps(version: str) -> dict[str, dict[str, object]]:
    """As the recording itself has them, at the end."""
    lines = (RECORDINGS / f"{version}.snapshots").read_text().splitlines()
    begin = max(at for at, line in enumerate(lines) if SNAPSHOT in line)
    found = {}
    for line in filter(None, lines[begin + 1:]):
        (name, content), = json.loads(line)["data"].items()
        found[name] = content
    return found


class Recorded(unittest.TestCase):
    def members(self, version: str) -> list[dict[str, object]]:
        return [*map(json.loads, recorded(version, JsonWriter()).splitlines())]

    def rows(self, version: str, table: str) -> Iterator[dict[str, object]]:
        return (row for row in self.members(version) if row["table"] == table)

    def test_all_together_are_the_maps(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                ticks: collections.Counter[str] = collections.Counter()
                total: collections.Counter[str] = collections.Counter()
                for row in self.rows(version, "Ticks"):
                    name = str(row["name"]).partition(",")[0]
                    for sums, column in (ticks, "ticks"), (total, "total_us"):
                        value = row.get(column, 0)
                        assert isinstance(value, int)
                        self.assertGreaterEqual(value, 0)
                        sums[name] += value
                last = last_maps(version)
                self.assertEqual(sorted(ticks.values()), sorted(last["@ticks"].values()))
                self.assertEqual([total["tick"]], [*last["@total_us"].values()])

    def test_histograms_too(self) -> None:
        for version in VERSIONS:
            for table, name in ("Times", "@us"), ("All", "@all_us"):
                with self.subTest(version, table=table):
                    hits: collections.Counter[int] = collections.Counter()
                    for row in self.rows(version, table):
                        assert isinstance(row["buckets"], list)
                        for bucket in row["buckets"]:
                            hits[bucket["low"]] += bucket["count"]
                            self.assertGreaterEqual(bucket["count"], 0)
                    last = last_maps(version)[name]
                    buckets, = last.values() if isinstance(last, dict) else [last]
                    assert isinstance(buckets, list)
                    self.assertEqual({low: count for low, count in hits.items() if count},
                                     {bucket["min"]: bucket["count"] for bucket in buckets
                                      if bucket["count"]})

    def test_what_has_no_difference(self) -> None:
        """The greatest so far, and what is so at that time."""
        for version in VERSIONS:
            with self.subTest(version):
                longest = [row["longest-so-far_us"] for row in self.rows(version, "Ticks")
                           if "total_us" in row]
                states = [row["last_ms"] for row in self.rows(version, "State")]
                for found in longest, states:
                    self.assertEqual(found[:3], [20, 40, 60])

    def test_what_has_not_changed_is_left_out(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                once = [row["interval"] for row in self.rows(version, "Ticks")
                        if str(row["name"]).startswith("once")]
                self.assertEqual(once, [1])

    def test_times(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                rows = [*self.rows(version, "State")]
                self.assertEqual([row["interval"] for row in rows], [*range(1, len(rows) + 1)])
                times = [[datetime.datetime.fromisoformat(str(row[name]))
                          for name in ("begin", "end")] for row in rows]
                for (begin, end), (next_begin, _) in zip(times, times[1:]):
                    self.assertEqual(end, next_begin)
                    self.assertEqual(round((end - begin).total_seconds(), 1), 0.2)

    def test_text(self) -> None:
        text = recorded("0.17", TextWriter(Screen()))
        self.assertRegex(text, r"""(?x)\A\n\d\d:\d\d:\d\d\ \ 0\.2\ s\n\nTicks\n\n
            \ *TOTAL\ \ LONGEST-SO-FAR\ \ TICKS\ \ NAME\ +FUNCTION\ \ NUMBER\n
            315\ us\ +20\ us\ +20\ \ tick,\ \[a\]\ +f\ +7\n""")

    def test_csv(self) -> None:
        text = recorded("0.17", CsvWriter())
        head, row, *_ = csv.reader(io.StringIO(text))
        self.assertEqual(head[:4], ["interval", "begin", "end", "name"])
        self.assertEqual(row[0], "1")
        self.assertEqual(row[3:], ["tick, [a]", "f", "7", "315", "20", "20"])


GROWS = """\
/*
 * TABLE: Calls
 * KEY: function
 * COLUMN: CALLS @calls count
 * COLUMN: LONGEST @longest us max
 */
x { @calls[str(arg0)] = count(); @longest[str(arg0)] = max(nsecs); }
"""


class Made(unittest.TestCase):
    def session(self) -> Session:
        return Session(GROWS, JsonWriter())

    def snapshot(self, session: Session, seconds: int, *maps: Map) -> None:
        session.take(records.Text("printf", f"{SNAPSHOT}{seconds * 10**9}\n"))
        for one in maps:
            session.take(one)
        session.take(records.Text("printf", f"{SNAPSHOT}\n"))

    def calls(self, **values: int) -> Map:
        return Map("calls", "map", tuple(Entry((name,), n) for name, n in values.items()))

    def rows(self, session: Session) -> list[tuple[object, ...]]:
        return [(row["interval"], row["function"], row["calls"])
                for row in map(json.loads, session.text().splitlines())
                if row["type"] == "row"]

    def test_end_that_is_read_first(self) -> None:
        """It has cleared the maps when those of an interval are printed."""
        session = self.session()
        self.snapshot(session, 1, self.calls(f=3))
        session.take(self.calls(f=5))
        self.snapshot(session, 2, self.calls())
        self.assertEqual(self.rows(session), [(1, "f", 3), (2, "f", 2)])

    def test_lost_map(self) -> None:
        """What is new in it is in the next one."""
        session = self.session()
        self.snapshot(session, 1, self.calls(f=3))
        self.snapshot(session, 2)
        self.snapshot(session, 3, self.calls(f=9, g=1))
        self.assertEqual(self.rows(session), [(1, "f", 3), (3, "f", 6), (3, "g", 1)])

    def test_lost_end_of_a_snapshot(self) -> None:
        session = self.session()
        session.take(records.Text("printf", f"{SNAPSHOT}1000\n"))
        session.take(self.calls(f=3))
        self.snapshot(session, 2, self.calls(f=4))
        self.assertEqual(self.rows(session), [(1, "f", 4)])

    def test_map_that_the_script_has_cleared(self) -> None:
        session = self.session()
        self.snapshot(session, 1, self.calls(f=3))
        self.snapshot(session, 2, self.calls(f=2))
        self.assertEqual(self.rows(session), [(1, "f", 3), (2, "f", 2)])

    def test_keys_that_read_the_same(self) -> None:
        """As names that are cut: they are summed before anything is subtracted."""
        session = self.session()
        twice = Map("calls", "map", (Entry(("f",), 3), Entry(("f",), 4)))
        self.snapshot(session, 1, twice)
        again = Map("calls", "map", (Entry(("f",), 6), Entry(("f",), 3)))
        self.snapshot(session, 2, again)
        self.assertEqual(self.rows(session), [(1, "f", 7), (2, "f", 2)])

    def test_a_name_is_no_mark(self) -> None:
        session = self.session()
        session.take(records.Text("printf", "1:1000\n"))
        session.take(self.calls(f=3))
        self.assertEqual(self.rows(session), [(1, "f", 3)])

    def test_histogram_that_shrinks(self) -> None:
        script = "/*\n * HISTOGRAM: t\n * COLUMN: T @t us\n */\nx { @t = hist(1); }\n"
        session = Session(script, JsonWriter())
        for seconds, hits in (1, 5), (2, 3):
            histogram = Histogram((Bucket(1, 1, hits),), False)
            self.snapshot(session, seconds, Map("t", "hist", (Entry((), histogram),)))
        found = [json.loads(line)["buckets"] for line in session.text().splitlines()]
        self.assertEqual(found, [[{"low": 1, "high": 1, "count": hits}] for hits in (5, 3)])


class Scripts(unittest.TestCase):
    HEADER = "/*\n * TABLE: t\n * COLUMN: A @a us\n * COLUMN: B @b us\n */\n"

    def test_how_maps_are_filled(self) -> None:
        for text, growing, so_far in (
            ("@a[1] = count(); @b[@c[tid], 2] = sum(3);", "ab", ""),
            ("@a = hist(1); @b[1] = lhist(1, 0, 9, 1);", "ab", ""),
            ("@a[1]++; @b[tid] += 2;", "ab", ""),
            ("@a[1] = max(2); @b = avg(3);", "", "ab"),
            ("@a[1] = max(2); @a[2] = 3; @b++; @b--;", "", ""),
            ("if (@a == 1) { } @b = nsecs;", "", ""),
            ('/* @a = count() */ printf("@b = count()");', "", ""),
        ):
            with self.subTest(text):
                found = filled(self.HEADER + text, described(self.HEADER))
                self.assertEqual((set(found.growing), set(found.so_far)),
                                 (set(growing), set(so_far)))

    def test_those_that_print_as_they_run(self) -> None:
        for text, expected in (
            ("x { @a = count(); } END { if (1) { print(@a); } print(@b, 4, 1); }", False),
            ("interval:s:1 { print(@a); } END { print(@a); }", True),
            ("END { print(@a); } interval:s:1 { print( @b, 5); }", True),
            ("interval:s:1 { print(@c); }", False),
        ):
            with self.subTest(text):
                self.assertEqual(
                    prints_before_its_end(self.HEADER + text, described(self.HEADER)), expected
                )

    def test_divisors_are_kept(self) -> None:
        snapshots = Snapshots(described(self.HEADER), 500, lambda *_: None, mark="7:")
        text = snapshots.script("END { print(@a, 40, 1000); print(@b, 3); }")
        self.assertTrue(text.endswith("""
interval:ms:500
{
	printf("7:%llu\\n", elapsed);
	print(@a, 0, 1000);
	print(@b);
	printf("7:\\n");
}
"""), text)
