# SPDX-License-Identifier: BSD-2-Clause
"""Rows of several processes, and what becomes of them by process, thread, function and file."""

import json
import os
import subprocess
import sys
import unittest

from pyusdt.bpftrace import script as script_text
from pyusdt.bpftrace.records import Bucket, Entry, Frames, Histogram, Map, Text
from pyusdt.rendering import description
from pyusdt.rendering.grouping import Grouping, cannot_group, counted
from pyusdt.rendering.jsonlines import JsonWriter
from pyusdt.rendering.marks import Marks
from pyusdt.rendering.renderer import Renderer, Writer
from pyusdt.rendering.screen import Screen
from pyusdt.rendering.text import TextWriter
from pyusdt.trace import names
from pyusdt.trace.names import Names
from test_rendering import MARK

SCRIPT = """\
/*
 * TABLE: Calls
 * KEY: SYSCALL text, function, file, line
 * COLUMN: TOTAL @total_us us nested
 * COLUMN: LONGEST @longest_us us max
 * COLUMN: CALLS @calls count
 * HISTOGRAM: Times
 * KEY: function
 * COLUMN: TIME @us us
 * STACKS: Stacks
 * KEY: python, NAME text, kernel
 * COLUMN: SAMPLES @stacks samples
 * TABLE: Alone
 * COLUMN: N @n count
 */
x
{
	if (@known[$id] == 0) { @known[$id] = 1; }
	@calls[str(arg0), str(arg1), str(uptr($file)), arg2] = count();
	@us[str(arg1)] = hist(1);
	@stacks[$key, str(arg0), kstack] = count();
	@n = count();
}
"""
NAMES = {"7": "gunicorn", "8": "\x1b[2J", "9": ""}


def described(by: str | None, script: str = SCRIPT) -> description.Description:
    found = description.read(script)
    assert found is not None
    return counted(found, script, by)


def rendered(by: str | None, writer: Writer, *maps: Map) -> str:
    about = described(by)
    shown: list[str] = []
    grouping = Grouping(by, isinstance(writer, JsonWriter), NAMES.__getitem__,
                        lambda pid, tid: f"t{tid}" if tid != pid else NAMES[pid])
    renderer = Renderer(about, Marks(about, MARK), writer, shown.append, grouping=grouping)
    for record in maps:
        renderer.take(record)
    renderer.end()
    return "".join(shown)


def calls(name: str, *rows: tuple[str, str, str, str, int]) -> Map:
    """Of pid, system call, function, file, number."""
    return Map(name, "map", tuple(Entry((pid, call, function, file, "3"), number)
                                  for pid, call, function, file, number in rows))


ROWS = (("7", "read", "f", "a.py", 5), ("8", "read", "f", "a.py", 7), ("8", "write", "f", "a.py", 2),
        ("7", "read", "g", "a.py", 1))


class Rows(unittest.TestCase):
    maxDiff = None

    def text(self, by: str | None, *maps: Map) -> str:
        return rendered(by, TextWriter(Screen()), *maps)

    def test_several_processes(self) -> None:
        self.assertEqual(self.text(None, calls("calls", *ROWS)), r"""
Calls

CALLS  PROCESS     SYSCALL  FUNCTION  FILE:LINE
    7  8 \x1b[2J   read     f         a.py:3
    5  7 gunicorn  read     f         a.py:3
    2  8 \x1b[2J   write    f         a.py:3
    1  7 gunicorn  read     g         a.py:3
""")

    def test_one_process(self) -> None:
        self.assertEqual(self.text(None, calls("calls", *ROWS[1:3])), """
Calls

CALLS  SYSCALL  FUNCTION  FILE:LINE
    7  read     f         a.py:3
    2  write    f         a.py:3
""")

    def test_that_there_are_several_is_known_for_all_parts(self) -> None:
        text = self.text(None, calls("calls", ROWS[0]), Map("stacks", "map", (
            Entry(("8", "0", "x", Frames()), 1),
        )))
        self.assertIn("PROCESS", text)

    def test_ways(self) -> None:
        for by, expected in (
            ("process", [["9", "8", r"\x1b[2J"], ["6", "7", "gunicorn"]]),
            ("function", [["14", "f", "a.py:3"], ["1", "g", "a.py:3"]]),
            ("file", [["15", "a.py"]]),
        ):
            with self.subTest(by):
                text = self.text(by, calls("calls", *ROWS))
                self.assertEqual([line.split() for line in text.splitlines()[4:]], expected)

    def test_threads(self) -> None:
        entries = tuple(Entry(("7", tid, "read", "f", "a.py", "3"), number)
                        for tid, number in (("7", 1), ("71", 4)))
        self.assertEqual(self.text("thread", Map("calls", "map", entries)), """
Calls

CALLS  PROCESS     THREAD
    4  7 gunicorn  71 t71
    1  7 gunicorn  7 gunicorn
""")

    def test_columns_of_greatest_and_of_nested_values(self) -> None:
        maps = calls("longest_us", *ROWS), calls("total_us", *ROWS)
        function = self.text("function", *maps)
        self.assertNotIn("TOTAL", function)
        self.assertIn("\n   7 us  f", function)
        self.assertIn("TOTAL", self.text(None, *maps))

    def test_no_file(self) -> None:
        text = self.text("file", calls("calls", ("7", "read", "", "", 3)))
        self.assertEqual(text.splitlines()[-1], "    3  [no Python]")

    def test_json(self) -> None:
        """There is a process always, however many there are."""
        row, = map(json.loads, rendered(None, JsonWriter(), calls("calls", ROWS[0])).splitlines())
        self.assertEqual(row, {"type": "row", "table": "Calls", "pid": 7, "command": "gunicorn",
                               "syscall": "read", "function": "f", "file": "a.py", "line": 3,
                               "calls": 5})

    def test_histograms_are_put_together(self) -> None:
        times = Map("us", "hist", tuple(
            Entry((pid, "f"), Histogram((Bucket(low, 2 * low - 1, 3),), False))
            for pid, low in (("7", 4), ("8", 4), ("8", 8))
        ))
        one, = map(json.loads, rendered("function", JsonWriter(), times).splitlines())
        self.assertEqual(one["buckets"], [{"low": 4, "high": 7, "count": 6},
                                          {"low": 8, "high": 15, "count": 3}])
        self.assertIn("7 gunicorn  f\n", self.text(None, times))

    def test_stacks(self) -> None:
        words = "\t".join(f"{MARK}{word}{MARK}" for word in ("5", "0", "f", "f.py", "3", "8"))
        frame = Text("printf", f"STACK\t{words}\n")
        stacks = Map("stacks", "map", tuple(
            Entry((pid, "5", "read", Frames(("schedule",))), n) for pid, n in (("7", 4), ("8", 3))
        ))
        shown: list[str] = []
        for by in None, "function":
            about = described(by)
            grouping = Grouping(by, False, NAMES.__getitem__, lambda *_: "")
            renderer = Renderer(about, Marks(about, MARK), TextWriter(Screen()), shown.append,
                                grouping=grouping)
            renderer.take(frame)
            renderer.take(stacks)
            renderer.end()
        self.assertIn("4 samples  57.1 %  7 gunicorn  read\n", shown[0])
        self.assertIn("\n7 samples  100.0 %  read\n", shown[1])


class Scripts(unittest.TestCase):
    def marked(self, by: str | None, script: str = SCRIPT) -> str:
        return Marks(described(by, script), 9).script(script)

    def test_keys(self) -> None:
        text = self.marked(None)
        self.assertIn("@calls[pid, str(arg0), 9, str(arg1), 9, str(uptr($file)), arg2] =", text)
        self.assertIn("@us[pid, str(arg1)] =", text)
        self.assertIn("@stacks[pid, $key, str(arg0), 9, kstack] =", text)
        self.assertIn("if (@known[$id, pid] == 0) { @known[$id, pid] = 1; }", text)
        self.assertIn("@n = count()", text)
        self.assertIn("@us[pid, tid, str(arg1)] =", self.marked("thread"))

    def test_where_it_is_said(self) -> None:
        header = "/*\n * PROCESS: @of[$t]\n * THREAD: $t\n"
        self.assertIn("@us[@of[$t], $t, str(arg1)]",
                      self.marked("thread", SCRIPT.replace("/*\n", header, 1)))

    def test_a_script_that_counts_by_process_itself(self) -> None:
        script = ("/*\n * TABLE: t\n * KEY: process, NAME text\n * COLUMN: N @n count\n */\n"
                  "x { @n[pid, str(arg0)] = count(); }\n")
        self.assertEqual(self.marked(None, script), script)

    def test_a_script_that_takes_keys_apart(self) -> None:
        script = SCRIPT + "END { for ($kv : @us) { print($kv.0); } }\n"
        self.assertNotIn("pid", self.marked(None, script))

    def test_as_the_raw_form_has_it(self) -> None:
        about = described(None)
        marks = Marks(about, MARK)
        record = marks.unmarked(calls("calls", ROWS[0]))
        assert isinstance(record, Map)
        self.assertEqual(record.entries, (Entry(("read", "f", "a.py", "3"), 5),))

    def test_names_with_commas(self) -> None:
        about = described(None)
        marked = script_text.read(Marks(about, MARK).script(SCRIPT))
        self.assertEqual(len(marked.keys["calls"]), 7)
        entry = Entry((f"7, a, b, {MARK}, f, {MARK}, x, 3",), 1)
        part = about.maps()["calls"]
        self.assertEqual(Marks(about, MARK).key(entry, part.keys), ("7", "a, b", "f", "x", "3"))

    def test_what_cannot_be_grouped(self) -> None:
        about = description.read("/*\n * THREAD: -\n * TABLE: t\n * KEY: NAME text\n"
                                 " * COLUMN: N @n count\n */")
        assert about is not None
        self.assertEqual(cannot_group(about, "thread"), "does not tell threads apart")
        self.assertEqual(cannot_group(about, "file"), "has no file in its tables")
        self.assertIsNone(cannot_group(about, "process"))


class NamesOfProcesses(unittest.TestCase):
    def child(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        assert process.stdout
        process.stdout.readline()
        return process

    def test_of_a_process_that_has_ended(self) -> None:
        known = Names()
        process = self.child()
        known.look()
        process.communicate()
        name = known.command(str(process.pid))
        self.assertTrue(name and name in os.path.basename(os.path.realpath(sys.executable)), name)

    def test_not_known(self) -> None:
        self.assertEqual(Names().command("999999999"), "")

    def test_bounded(self) -> None:
        found = {("0", str(n)): "" for n in range(names.MOST)}
        names.bounded(found)["1", "1"] = ""
        self.assertEqual(len(found), names.MOST)
        self.assertNotIn(("0", "0"), found)
