# SPDX-License-Identifier: BSD-2-Clause
"""Of which process a row is, and pyusdt-trace --by, with a real bpftrace: exactly."""

import collections
import json
import re

from live import LiveTest, once

# The parent's number is 50, those of its children are 100 and 200, half of each by a thread.
PROGRAM = """\
import os, sys, threading, time

def stats(n):
    for _ in range(n):
        os.stat('/')

def rests():
    for _ in range(10):
        time.sleep(0.02)

def works(n):
    thread = threading.Thread(target=stats, args=[n // 2])
    thread.start()
    thread.join()
    stats(n // 2)
    rests()
    with open(sys.argv[1], 'a') as file:
        print(os.getpid(), n, file=file)
    # So that what it is called can be seen.
    time.sleep(0.5)

for n in 100, 200:
    if not os.fork():
        works(n)
        os._exit(0)
works(50)
os.wait()
os.wait()
"""
ONE = "import os\nfor _ in range(3): os.stat('/')\n"


class Processes(LiveTest):
    def trace(self, *words, program=PROGRAM):
        """Returns: what is shown, and the number of each process."""
        folder = self.directory()
        file, told = folder / "prog.py", folder / "told"
        file.write_text(program)
        text, _ = self.run_trace(*words, file, told)
        lines = told.read_text().splitlines() if told.exists() else ()
        return text, dict(tuple(map(int, line.split())) for line in lines)

    def rows(self, text, **wanted):
        return [row for row in map(json.loads, text.splitlines()) if row["type"] == "row"
                and all(row.get(name) == value for name, value in wanted.items())]


@once
class Exactly(Processes):
    def test_each_has_its_own(self):
        text, told = self.trace("--json", "pysyscall")
        rows = self.rows(text, function="stats", syscall="newfstatat")
        self.assertEqual({row["pid"]: row["calls"] for row in rows}, told)
        self.assertEqual(len(told), 3)
        for row in rows:
            self.assertTrue(row["command"])

    def test_in_the_context_of_another_one(self):
        """When a thread runs again, the one that has run is another process."""
        text, told = self.trace("--json", "pyoffcpu")
        rows = self.rows(text, function="rests")
        self.assertEqual({row["pid"] for row in rows}, told.keys())
        for row in rows:
            # On a busy machine a thread may come to its sleep when that is over.
            self.assertIn(row["blocks"], range(6, 11))
        text, told = self.trace("--json", "--by", "thread", "pyoffcpu")
        for pid in told:
            self.assertTrue(self.rows(text, pid=pid, tid=pid), text)

    def test_by_function_and_file(self):
        for by in "function", "file":
            text, told = self.trace("--json", "--by", by, "pysyscall")
            rows = [row for row in self.rows(text) if row["file"].endswith("/prog.py")]
            self.assertNotIn("pid", rows[0])
            calls = sum(row["calls"] for row in rows
                        if by == "file" or row["function"] == "stats")
            self.assertGreaterEqual(calls, sum(told.values()))
            names = collections.Counter(row.get("function", row["file"]) for row in rows)
            self.assertEqual({*names.values()}, {1})

    def test_by_thread(self):
        text, told = self.trace("--json", "--by", "thread", "pysyscall")
        for pid, number in told.items():
            threads = self.rows(text, pid=pid)
            self.assertEqual(len(threads), 2, text)
            for row in threads:
                self.assertGreaterEqual(row["calls"], number // 2)

    def test_flame_graph_of_all(self):
        """In it a stack is that of all processes."""
        folded = self.directory() / "folded"
        self.trace("--flame", folded, "-o", self.directory() / "out", "pysyscall-stacks")
        lines = [line.rpartition(" ")[0] for line in folded.read_text().splitlines()]
        self.assertEqual(len(lines), len(set(lines)))
        self.assertTrue(any(";stats " in line for line in lines), lines)

    def test_as_text(self):
        text, told = self.trace("pysyscall")
        for pid in told:
            self.assertRegex(text, rf"(?m)^ *\S+ \S+ +\d+  {pid} \S+ +\w+ +\S")
        text, _ = self.trace("pysyscall", program=ONE)
        self.assertTrue(re.search(r"(?m)^ *TOTAL +CALLS  SYSCALL ", text), text)
