# SPDX-License-Identifier: BSD-2-Clause
"""Imports, threads, garbage collections and names of code, as the program knows them."""

import collections
import contextlib
import itertools
import json
import re
import sys

from live import LIBRARY, PROGRAMS, LiveTest, probe, wait_until

NAME = ("%s", "str(arg0, 64)")
NAME_NUMBER = ("%s\\t%d", "str(arg0, 64), arg1")
NUMBER = ("%d", "arg0")

# event: provider, probe, and how its arguments are printed.
PROBES = {
    "IMPORT_START": ("pyusdt", "IMPORT_START", *NAME),
    "IMPORT_DONE": ("pyusdt", "IMPORT_DONE", *NAME_NUMBER),
    "PYTHON_IMPORT_START": ("python", "import__find__load__start", *NAME),
    "PYTHON_IMPORT_DONE": ("python", "import__find__load__done", *NAME_NUMBER),
    "THREAD_START": ("pyusdt", "THREAD_START", *NAME_NUMBER),
    "THREAD_EXIT": ("pyusdt", "THREAD_EXIT", *NAME_NUMBER),
    "GC_START": ("pyusdt", "GC_START", *NUMBER),
    "GC_DONE": ("pyusdt", "GC_DONE", "%d\\t%d\\t%d", "arg0, arg1, arg2"),
    "PYTHON_GC_START": ("python", "gc__start", *NUMBER),
    "PYTHON_GC_DONE": ("python", "gc__done", *NUMBER),
}

IMPORTED = [
    ["IMPORT_START", "plain"], ["IMPORT_DONE", "plain", 1],
    # Not by the second import, which finds it in sys.modules.
    ["IMPORT_START", "plain"], ["IMPORT_DONE", "plain", 1],
    ["IMPORT_START", "pläin"], ["IMPORT_DONE", "pläin", 1],
    ["IMPORT_START", "broken"],
    ["IMPORT_START", "broken_inside"], ["IMPORT_DONE", "broken_inside", 0],
    ["IMPORT_DONE", "broken", 0],
    ["IMPORT_START", "careful"],
    ["IMPORT_START", "absent"], ["IMPORT_DONE", "absent", 0],
    ["IMPORT_DONE", "careful", 1],
]  # fmt: skip

CODE = (
    'printf("%lx\\t%d\\t%s\\t%s\\t%d\\t%s\\t%s\\n", arg1, arg0, str(arg1, 64), '
    "str(arg2, 64), arg3, str(arg4, 64), str(arg5, 64));"
)


class Cases(LiveTest):
    """See programs/runtime.py."""

    def test_imports(self):
        recorded = self.check(
            "imports",
            ["IMPORT_START", "IMPORT_DONE", "PYTHON_IMPORT_START", "PYTHON_IMPORT_DONE"],
        )
        self.assertEqual(recorded[: len(IMPORTED)], IMPORTED)
        self.assertIn(["IMPORT_DONE", "xml.dom.minidom", 1], recorded)

    def test_threads(self):
        recorded = self.check("threads", ["THREAD_START", "THREAD_EXIT"])
        self.assertEqual(len(recorded), 2 * 13)

    def test_garbage(self):
        recorded = self.check(
            "garbage", ["GC_START", "GC_DONE", "PYTHON_GC_START", "PYTHON_GC_DONE"]
        )
        self.assertGreater(len(recorded), 2 * 10)

    def check(self, case, events):
        """Each event alone, then all. Returns: what the last of the programs recorded."""
        ways = [[event] for event in events] + [events]
        programs = [
            self.program(
                str(PROGRAMS / "runtime.py"), case, ",".join(way),
                options=["-e", "none"], environment={"PYUSDT_COMPAT": "1"},
            )
            for way in ways
        ]
        tracer = self.tracer("\n".join(map(printing, events)))
        for program in programs:
            program.go()
        recordings = [json.loads(program.finish()) for program in programs]
        rows = [list(expected(*pair)) for pair in zip(recordings, ways)]
        # All of it before it is told to end: then a busy bpftrace drops what it has not read.
        with contextlib.suppress(AssertionError):
            wait_until(
                lambda: tracer.output().count("\n") >= sum(map(len, rows)), "as many rows"
            )
        seen = collections.defaultdict(list)
        for line in filter(None, tracer.stop().splitlines()):
            pid, name, *arguments = line.split("\t")
            seen[int(pid)].append([name.rpartition(":")[2], *arguments])
        for way, program, wanted in zip(ways, programs, rows):
            with self.subTest(way=way):
                both = [seen[program.pid], wanted]
                if case == "threads":
                    both = [sorted(side, key=thread_id) for side in both]
                self.assertEqual(*both)
        return recordings[-1]


def printing(event):
    provider, name, text, arguments = PROBES[event]
    action = f'printf("%d\\t%s\\t{text}\\n", pid, probe, {arguments});'
    return f"usdt:{LIBRARY}:{provider}:{name} {{ {action} }}"


def thread_id(row):
    """Threads run side by side: each one's rows are in order, and no more is known."""
    return row[-1]


def expected(recorded, armed):
    """What the probes of the events in @armed tell of what was recorded."""
    for event, *arguments in recorded:
        if event in armed:
            yield [event, *map(str, arguments)]
        python = f"PYTHON_{event}"
        if python in armed:
            if event == "GC_DONE":
                _, collected, uncollectable = arguments
                arguments = [collected + uncollectable]
            yield [PROBES[python][1], *map(str, arguments)]


class Hooks(LiveTest):
    """What is set in CPython while watched, and that nothing is left of it."""

    def test_set_while_watched(self):
        worker = self.worker()
        untouched = worker.ask("hooks()")
        callbacks = untouched[0]
        self.assertEqual(untouched, [callbacks, False, False])
        unwind = ["PY_UNWIND"] if sys.version_info < (3, 15) else []
        for events, hooks, instrumented in (
            (["GC_START"], [callbacks + 1, False, False], []),
            (["IMPORT_START"], [callbacks, True, False], []),
            (["IMPORT_DONE"], [callbacks, True, False], unwind),
            # With imports, as the program may import threading anew.
            (["THREAD_START"], [callbacks, True, True], []),
            (["THREAD_EXIT", "GC_DONE"], [callbacks + 1, True, True], unwind),
        ):
            with self.subTest(events=events):
                tracer = self.tracer("\n".join(map(printing, events)))
                self.assertEqual(worker.ask("settle()"), instrumented)
                self.assertEqual(worker.ask("hooks()"), hooks)
                tracer.stop()
                self.assertEqual(worker.ask("settle()"), [])
                self.assertEqual(worker.ask("hooks()"), untouched)

    def test_disabled_while_watched(self):
        worker = self.worker()
        untouched = worker.ask("hooks()")
        self.tracer("\n".join(map(printing, ("GC_DONE", "IMPORT_DONE", "THREAD_EXIT"))))
        worker.ask("settle()")
        self.assertNotEqual(worker.ask("hooks()"), untouched)
        worker.ask("pyusdt.disable()")
        self.assertIsNone(worker.ask("tool()"))
        # Up to 3.13 a tool id that is freed keeps the events of single functions.
        worker.ask("sys.monitoring.use_tool_id(4, 'pyusdt')")
        self.assertEqual(worker.ask("instrumented()"), [])
        self.assertEqual(worker.ask("hooks()"), untouched)


class Code(LiveTest):
    """Names of code objects."""

    def test_before_the_first_event(self):
        program = self.program(
            str(PROGRAMS / "runtime.py"), "code", "PY_START,CODE", options=["-e", "none"]
        )
        tracer = self.code_tracer(program, 'printf("%lx\\n", arg0);')
        program.go()
        recorded = [[cut(field) for field in row] for row in json.loads(program.finish())]
        with contextlib.suppress(AssertionError):
            wait_until(
                lambda: len(re.findall(r"^\w+\n", tracer.output(), re.MULTILINE))
                >= len(recorded),
                "as many events",
            )
        names, told, events = {}, [], []
        for address, *row in complete_rows(tracer.stop()):
            if row:
                names[address] = row
                told.append(row)
            else:
                events.append(names[address][1:])
        mine = cut(PROGRAMS / "runtime.py")
        events = [row for row in events if row[1] != mine]
        for pair in itertools.zip_longest(events, recorded):
            self.assertEqual(*pair)
        # An id is of one code object only.
        self.assertEqual(len({row[0] for row in told}), len({tuple(row) for row in told}))

    def test_second_tracer_and_one_that_comes_back(self):
        worker = self.worker()
        first = self.code_tracer(worker, "@ = count();")
        worker.ask("settle()")
        worker.ask("define('alpha')")
        worker.ask("run(3)")
        wait_until(lambda: {"alpha", "run", "work", "helper"} <= names(first), "all names")
        second = self.code_tracer(worker)
        wait_until(lambda: functions(second) >= functions(first), "the second one's names")
        first.stop()
        second.stop()
        worker.ask("settle()")
        back = self.code_tracer(worker)
        wait_until(lambda: functions(back) >= functions(first), "those of one that is back")
        self.assertEqual(worker.ask("settle()"), [])

    def test_dead_code_is_not_told(self):
        worker = self.worker()
        first = self.code_tracer(worker, "@ = count();")
        worker.ask("settle()")
        worker.ask("define('alpha')")
        worker.ask("define('beta')")
        wait_until(lambda: {"alpha", "beta"} <= names(first), "both names")
        worker.ask("forget('alpha')")
        later = self.code_tracer(worker)
        # The second time all that is before it in the list has been told, too.
        wait_until(lambda: later.output().count("\tbeta\t") >= 2, "a name twice")
        self.assertNotIn("alpha", names(later))

    def code_tracer(self, program, at_start=""):
        """Prints what CODE tells, and does @at_start at PY_START."""
        mine = f"/pid == {program.pid}/"
        script = probe("CODE", CODE, mine)
        return self.tracer(script + probe("PY_START", at_start, mine) if at_start else script)


def complete_rows(output):
    return [line.split("\t") for line in re.findall("^(.+)\n", output, re.MULTILINE)]


def functions(tracer):
    """All rows of functions. What eval() compiles is dead at once."""
    rows = complete_rows(tracer.output())
    return {tuple(row) for row in rows if len(row) > 1 and row[2] != "<module>"}


def names(tracer):
    return {row[2] for row in functions(tracer)}


def cut(field):
    """As bpftrace prints."""
    return str(field)[:63]
