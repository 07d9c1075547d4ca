# SPDX-License-Identifier: BSD-2-Clause
"""The lines that run, as pyusdt-trace reads them, against those that CPython says run."""

import json
import pathlib
import platform
import re
import shutil
import sys
import unittest
from collections import Counter

from live import BUILDDIR, PROGRAMS, once, wait_until
from marks import parse
from test_outside import find_pythons
from test_stacks import DEPTH, SCRIPT, expand
from test_trace_plain import PlainTest

# Their code is gone as soon as it has run.
GONE = {"exec", "eval", "function made by exec", "imported"}


KILLED = """\
import os, signal, sys, time

def last():
    time.sleep(0.001), os.kill(os.getpid(), signal.SIGKILL)

print("ready", flush=True)
sys.stdin.readline(), time.sleep(0.001)
sys.stdin.readline()
last()
"""


# It writes down the lines in which it opens files that are not there.
OPENING = """\
import collections, json, os, sys

lines = []

def opened():
    lines.append(sys._getframe(1).f_lineno)
    return '/nowhere-lines'

class Operand:
    def __or__(self, _):
        for number in range(3):
            with Missing(): os.open(opened(), 0)
            with Missing():
                if (
                    number
                    or os.open(opened(), 0)
                ):
                    with Missing(): os.open(opened(), 0)
        return self

class Missing:
    def __enter__(self):
        pass

    def __exit__(self, *exception):
        return True

print("ready", flush=True)
sys.stdin.readline()
Operand() | 0
with Missing():
    (lambda: (1,
              os.open(opened(), 0)))()
for _ in range(2):
    with Missing():
        [
            os.open(opened(), 0)
            for _ in range(2)
        ]
print(json.dumps(collections.Counter(lines)), flush=True)
sys.stdin.readline()
"""


@unittest.skipIf(platform.machine() != "x86_64", "threads are known from outside on x86-64 only")
class Lines(PlainTest):
    def setUp(self):
        self.folder = self.directory()
        self.mark = f"/nowhere-{self.folder.name}/"
        self.path = self.folder / "stacks.py"
        shutil.copy(PROGRAMS / "stacks.py", self.path)
        self.script = self.folder / "marks.bt"
        self.script.write_text(expand(SCRIPT, DEPTH))

    def check(self, file, reference):
        """All frames of all stacks but those that cannot be known."""
        stacks, marks = parse(file.read_text(), self.mark)
        recorded = json.loads(pathlib.Path(reference).read_text())
        compared = 0
        for number, (case, frames) in recorded.items():
            with self.subTest(case=case, number=number):
                seen = [line for *_, line in stacks[marks[int(number)]][1:]]
                lines = [line for *_, line in frames]
                if case in GONE:
                    lines = [line if found else 0 for line, found in zip(lines, seen)]
                self.assertEqual(seen, lines)
                compared += len(lines)
        self.assertGreater(compared, 250)

    def test_of_each_version(self):
        for python in find_pythons():
            with self.subTest(python=python):
                reference = self.directory() / "reference"
                self.trace(self.run_plain([python, self.path, self.mark, reference]), reference)

    def test_of_a_process_that_has_pyusdt(self):
        reference = self.folder / "reference"
        program = self.program(str(self.path), self.mark, str(reference))
        program.go()
        self.assertEqual(program.process.stdout.readline(), "ready\n")
        self.trace(program.process, reference)

    def test_of_the_last_thing_that_a_process_does(self):
        """The function is known from its module, which has been told before."""
        self.path.write_text(KILLED)
        process = self.run_plain([sys.executable, self.path])
        tracer, file = self.traced("pysyscall-stacks", "-p", str(process.pid))
        self.wait_for(file, process)
        process.stdin.write("\n")
        process.stdin.flush()
        wait_until(lambda: re.search(r"\t<module>\t.*\t7\n", file.read_text()), "the module")
        process.stdin.write("\n")
        process.stdin.flush()
        process.wait()
        self.finish(tracer)
        self.assertEqual(set(re.findall(r"\tlast\t.*\t(\d+)\n", file.read_text())), {"4"})

    def opening(self, python, script, *options):
        """Returns: the records of that script, and how often each line has opened a file."""
        self.path.write_text(OPENING)
        process = self.run_plain([python, self.path])
        file = self.directory() / "trace"
        self.tracer = self.start("-o", str(file), "--json", *options, script,
                                 "-p", str(process.pid))
        self.wait_for(file, process)
        process.stdin.write("\n")
        process.stdin.flush()
        lines = json.loads(process.stdout.readline())
        # The process does not end before all has been read.
        self.tracer.send_signal(2)
        self.finish(self.tracer)
        found = [json.loads(line) for line in file.read_text().splitlines()]
        return ([record for record in found if record.get("file") == str(self.path)],
                {int(line): number for line, number in lines.items()})

    def test_of_events(self):
        for python in find_pythons():
            with self.subTest(python=python):
                records, lines = self.opening(python, "pyopen")
                self.assertEqual(Counter(record["line"] for record in records), lines)

    def test_in_tables(self):
        for python in find_pythons():
            with self.subTest(python=python):
                records, lines = self.opening(python, "pysyscall", "--lines")
                rows = [record for record in records if record.get("syscall") == "openat"]
                self.assertEqual({row["line"]: row["calls"] for row in rows}, lines)
                self.assertTrue(all(row["total_us"] > 0 for row in rows if row["calls"] > 2))

    def test_tables_of_functions(self):
        records, lines = self.opening(sys.executable, "pysyscall")
        rows = [record for record in records if record.get("syscall") == "openat"]
        self.assertEqual(sum(row["calls"] for row in rows), sum(lines.values()))
        first = OPENING.splitlines().index("    def __or__(self, _):") + 1
        self.assertIn((first, 6), [(row["line"], row["calls"]) for row in rows])

    @once
    def test_every_script_counts_by_line(self):
        self.path.write_text("import subprocess\nsubprocess.run(['true'])\n")
        scripts = [script for script in sorted((BUILDDIR / "bt").glob("*.bt"))
                   if "/* >>> place.bth */" in script.read_text()]
        self.assertGreater(len(scripts), 8)
        for script in scripts:
            with self.subTest(script=script.stem):
                output, errors = self.finish(self.start("--lines", script.stem, str(self.path)))
                self.assertIn(": CPython 3.", output)
                self.assertNotRegex(errors, r"(?i)error: (?!.*RLIMIT_MEMLOCK)")

    def trace(self, process, reference):
        tracer, file = self.traced(str(self.script), "-p", str(process.pid))
        self.wait_for(file, process)
        process.stdin.write("\n")
        process.stdin.flush()
        process.wait()
        self.finish(tracer)
        self.check(file, reference)
        self.check(file, f"{reference}.child")


if __name__ == "__main__":
    unittest.main()
