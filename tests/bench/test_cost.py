# SPDX-License-Identifier: BSD-2-Clause
"""What events cost, in instructions, against the ceilings of ceilings.txt.

Instructions and bytes, never time: a busy machine changes nothing.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import callgrind
import events
import instructions
from variants import VARIANTS

HERE = pathlib.Path(__file__).resolve().parent
BUILDDIR = pathlib.Path(os.environ["PYUSDT_BUILDDIR"])
CODES = 2000
# Of variables of the environment, see callgrind.environment().
SHIFTS = (0, 13, 55, 200)


def ceilings(kind):
    """{name: ceiling} of the lines of one kind."""
    lines = (HERE / "ceilings.txt").read_text().splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    return {tuple(w[1:-1]): float(w[-1]) for w in words if w[0] == kind}


def optimised():
    flags = re.search(r"^CFLAGS = (.*)", (BUILDDIR / "Makefile").read_text(), re.M)[1]
    return re.search(r"-O[23]", flags) and "-fsanitize" not in flags


class Cost(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not optimised():
            raise unittest.SkipTest("the library is built without -O2: it costs more")

    def assert_within(self, measured, allowed):
        self.assertEqual(measured.keys(), allowed.keys())
        over = [
            f"{' '.join(name)}: {value:.3f}, at most {allowed[name]:g}"
            for name, value in measured.items()
            if value > allowed[name]
        ]
        self.assertFalse(over, "\n" + "\n".join(over))


class Instructions(Cost):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reason = callgrind.why_not()
        if reason:
            raise unittest.SkipTest(reason)

    def test_events(self):
        measured, allowed = {}, ceilings("event")
        # By the environment alone a code object may lie where another one has its slot: then
        # each step to the next one is ten instructions.
        for shift in SHIFTS:
            costs = events.measure(BUILDDIR, shift)
            print(f"\n{events.table(costs)}")
            for cost in costs:
                key = cost.event, cost.loop
                measured[key] = min(measured.get(key, cost.above_noop), cost.above_noop)
            if all(value <= allowed.get(key, 0) for key, value in measured.items()):
                break
        self.assert_within(measured, allowed)

    def test_workloads(self):
        allowed = ceilings("workload")
        pairs = dict.fromkeys(
            (workload, VARIANTS[name])
            for *both, workload in allowed
            for name in reversed(both)
        )
        counts = instructions.count(list(pairs), BUILDDIR, times=2)
        measured = {
            (name, base, w): 100 * (counts[w, name].steady / counts[w, base].steady - 1)
            for name, base, w in allowed
        }
        print()
        for row, value in measured.items():
            print(f"{' '.join(row):<45} {value:+.3f} %")
        self.assert_within(measured, allowed)


class StartUp(Cost):
    PROGRAMS = {
        ("import",): ["-c", "import pyusdt"],
        ("runner",): ["-m", "pyusdt", "-c", "pass"],
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reason = callgrind.why_not()
        if reason:
            raise unittest.SkipTest(reason)

    def test_start_up(self):
        with tempfile.TemporaryDirectory() as bytecode:
            environment = {
                **callgrind.environment(BUILDDIR),
                "PYTHONDONTWRITEBYTECODE": "",
                "PYTHONPYCACHEPREFIX": bytecode,
                "PYUSDT_EVENTS": "all",
            }

            def count(*words):
                command = [sys.executable, *words]
                subprocess.run(command, env=environment, check=True)  # writes the bytecode
                return callgrind.count_whole(command, environment)

            plain = count("-c", "pass")
            measured = {
                name: (count(*words) - plain) / 1e6 for name, words in self.PROGRAMS.items()
            }
        for (name,), value in measured.items():
            print(f"\n{name:<10} {value:+.2f} million instructions")
        self.assert_within(measured, ceilings("startup"))


class Memory(Cost):
    def test_code_objects(self):
        output = subprocess.run(
            [sys.executable, str(HERE / "memory.py"), str(CODES)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**callgrind.environment(BUILDDIR), "LD_PRELOAD": ""},
        ).stdout
        measured = json.loads(output)["bytes"]
        print(f"\n{measured:.0f} bytes per code object")
        self.assert_within({("code_object",): measured}, ceilings("memory"))


if __name__ == "__main__":
    unittest.main()
