# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt-trace --interval: what is new each time, exactly, with a real bpftrace."""

import json
import signal

from live import SECONDS, LiveTest, once
from test_trace import TraceTest

BLOCKING = """\
import os, time

def rests():
    os.stat('/')
    time.sleep(0.02)

for _ in range(60):
    rests()
"""


@once
class Counts(TraceTest):
    def helper_calls(self, tracer):
        """Of the next row of that function: the interval, and how many."""
        for line in tracer.stdout:
            members = json.loads(line)
            if members["type"] == "row" and members["function"] == "helper":
                return members["interval"], members["calls"]
        self.fail(f"the trace has ended: {tracer.stderr.read()}")

    def test_what_is_new(self):
        worker = self.worker()
        tracer = self.start("--interval", "0.5", "--json", "pycalls", "-p", str(worker.pid))
        self.assertIn("Counting", tracer.stdout.readline())
        self.assertIn("PY_START", worker.ask("settle()"))
        last = 0
        for calls in 25, 7, 1000:
            worker.ask(f"run({calls})")
            seen = 0
            while seen < calls:
                # An interval may end while they are called.
                interval, new = self.helper_calls(tracer)
                self.assertGreater(interval, last)
                last, seen = interval, seen + new
            self.assertEqual(seen, calls)
        worker.ask("run(3)")
        tracer.send_signal(signal.SIGINT)
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, 0, errors)
        rest = [members["calls"] for members in map(json.loads, output.splitlines())
                if members.get("function") == "helper"]
        self.assertEqual(sum(rest), 3)


@once
class KernelEvents(LiveTest):
    def trace(self, script, *words):
        file = self.directory() / "prog.py"
        file.write_text(BLOCKING)
        return self.run_trace(*words, script, file)[0]

    def test_their_frames_are_told_once(self):
        text = self.trace("pyoffcpu", "--interval", "0.3", "--json")
        members = [*map(json.loads, text.splitlines())]
        of_rests = [stack for stack in members if stack["type"] == "stack" and stack["python"]
                    and stack["python"][0]["function"] == "rests"]
        self.assertGreater(len({stack["interval"] for stack in of_rests}), 1)

    def test_none_is_lost(self):
        lines = self.trace("pysyscall", "--interval", "0.1", "--json").splitlines()
        calls = [row["calls"] for row in map(json.loads, lines) if row["type"] == "row"
                 and row["syscall"] == "newfstatat" and row["function"] == "rests"]
        self.assertEqual(sum(calls), 60)

    def test_flame_graph_has_all_of_it_once(self):
        """Of the raw form nothing is printed but at the end."""
        folder = self.directory()
        self.trace("pyoffcpu", "--interval", "0.3", "-o", folder / "trace",
                   "--flame", folder / "folded")
        self.assertRegex((folder / "trace").read_text(), r"\n *BLOCKED +SHARE +BLOCKS +FUNCTION")
        value = sum(int(line.rpartition(" ")[2])
                    for line in (folder / "folded").read_text().splitlines() if ";rests" in line)
        # 60 times 20 ms, and what a busy machine adds: not the sum of several snapshots.
        self.assertGreater(value, 1_000_000)
        self.assertLess(value, 2_400_000)
