# SPDX-License-Identifier: BSD-2-Clause
"""The scripts in bt/, by themselves and by pyusdt-trace."""

import gzip
import os
import re
import subprocess
import sys

import protobuf_reader
from live import (
    BUILDDIR, ENVIRONMENT, FULL, SECONDS, TRACE, LiveTest, can_import, counts, once, room,
    wait_until, where_there_is,
)


PROGRAM = """\
import time

def leaf(n):
    return n * 2

def numbers():
    yield 'one'
    yield 'two'

def fails():
    raise ValueError

def sleeps():
    time.sleep(0.05)

def main():
    for i in range(3):
        leaf(i)
    list(numbers())
    try:
        fails()
    except ValueError:
        pass
    sleeps()
    leaf(21)

main()
"""


MISFITS = re.compile(r"^(\d+) ends did not fit what had begun", re.MULTILINE)

GREENLETS = """\
import greenlet

def rests():
    hub.switch()

def works():
    for _ in range(5):
        rests()

def steps(number):
    workers[number].switch()

def main():
    for step in range(6):
        for number in range(2):
            steps(number)

hub = greenlet.getcurrent()
workers = [greenlet.greenlet(works), greenlet.greenlet(works)]
main()
"""


UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def rows_of_latency(output, key):
    """{the least that falls into it: number}, of a function, a file and a line."""
    rows = re.findall(rf"(?m)^@us\[{re.escape(key)}, (\d+)\]: (\d+)$", output)
    return {int(low): int(count) for low, count in rows}


def histogram(output, name, key):
    """{the least that falls into it: number}, of what is not empty."""
    head = rf"^@{name}\[{re.escape(key)}\]: *\n"
    rows = re.search(head + r"((?:[\[(].*\n)+)", output, re.MULTILINE)[1]
    found = re.findall(r"^[\[(](\d+)([KMG]?)[^)\]]*[)\]] +(\d+) \|", rows, re.MULTILINE)
    return {int(n) * UNITS[unit]: int(count) for n, unit, count in found if int(count)}


class ScriptTest(LiveTest):
    def trace(self, script, *words, status=0, environment=None, full=0):
        """Returns: what the script printed, in the raw form. self.printed is what the program
        printed."""
        output = self.directory() / "output"
        result = subprocess.run(
            [sys.executable, TRACE, "-o", output, "--raw", script, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            env={**os.environ, **ENVIRONMENT, **(environment or {})},
        )
        self.assertEqual(result.returncode, status, result.stderr)
        text = output.read_text()
        self.assertNotRegex(result.stderr + text, r"(?m)^Lost \d+ events")
        self.assertEqual(text.count(FULL), full)
        self.printed = result.stdout
        return text

    def script_file(self, source=PROGRAM):
        path = self.directory() / "prog.py"
        path.write_text(source)
        return str(path)


def own(table, file):
    """{function: number} of what is counted by function, file and line, of this file."""
    found = {}
    for key, number in table.items():
        if match := re.fullmatch(rf"(.*), {re.escape(file)}, \d+", key):
            found[match[1]] = number
    return found


class Scripts(ScriptTest):
    def test_pycalls(self):
        file = self.script_file()
        calls = counts(self.trace("pycalls", file), "calls")
        own = {key: count for key, count in calls.items() if file in key}
        self.assertEqual(
            own,
            {
                f"<module>, {file}, 1": 1,
                f"main, {file}, 16": 1,
                f"leaf, {file}, 3": 4,
                f"numbers, {file}, 6": 1,
                f"fails, {file}, 10": 1,
                f"sleeps, {file}, 13": 1,
            },
        )

    def test_pyprofile(self):
        file = self.script_file()
        output = self.trace("pyprofile", file)
        calls = {name.split(",")[0]: n for name, n in counts(output, "calls").items()
                 if file in name}
        self.assertEqual(
            calls, {"<module>": 1, "main": 1, "leaf": 4, "numbers": 1, "fails": 1, "sleeps": 1}
        )
        resumes = {name: n for name, n in counts(output, "resumes").items() if file in name}
        self.assertEqual(resumes, {f"numbers, {file}, 6": 2})
        own, total, longest = (counts(output, f"{what}_us") for what in ("own", "total", "longest"))
        for name in f"sleeps, {file}, 13", f"main, {file}, 16", f"<module>, {file}, 1":
            self.assertGreaterEqual(total[name], 50_000)
            self.assertEqual(longest[name], total[name])
        self.assertGreaterEqual(own[f"sleeps, {file}, 13"], 50_000)
        self.assertLess(own[f"main, {file}, 16"], total[f"main, {file}, 16"])

    def test_pyflow(self):
        file = self.script_file()
        lines = [line[20:] for line in self.trace("pyflow", file).splitlines()[1:]]
        start = lines.index(f"-> <module> ({file}:1)")
        self.assertEqual(
            lines[start:][:22],
            [
                f"-> <module> ({file}:1)",
                f"  -> main ({file}:16)",
                f"    -> leaf ({file}:3)",
                "    <- leaf 0",
                f"    -> leaf ({file}:3)",
                "    <- leaf 2",
                f"    -> leaf ({file}:3)",
                "    <- leaf 4",
                f"    -> numbers ({file}:6)",
                "    <~ numbers 'one'",
                f"    -> numbers ({file}:6)",
                "    <~ numbers 'two'",
                f"    -> numbers ({file}:6)",
                "    <- numbers None",
                f"    -> fails ({file}:10)",
                "    <! fails ValueError",
                f"    -> sleeps ({file}:13)",
                "    <- sleeps None",
                f"    -> leaf ({file}:3)",
                "    <- leaf 42",
                "  <- main None",
                "<- <module> None",
            ],
        )
        self.assertEqual([line for line in lines if MISFITS.search(line)], [])

    def test_pyflow_of_what_is_thrown_into_a_generator(self):
        file = self.script_file("""\
def inner():
    try:
        yield 1
    except KeyError:
        return

def outer():
    yield from inner()
    yield 2

def main():
    generator = outer()
    next(generator)
    generator.throw(KeyError)
    try:
        generator.throw(IndexError('last'))
    except IndexError:
        pass
    generator.close()

main()
""")
        lines = [line[20:] for line in self.trace("pyflow", file).splitlines()[1:]]
        start = lines.index(f"  -> main ({file}:11)")
        self.assertEqual(
            lines[start:][:13],
            [
                f"  -> main ({file}:11)",
                f"    -> outer ({file}:7)",
                f"      -> inner ({file}:1)",
                "      <~ inner 1",
                "    <~ outer 1",
                # It is for the innermost; the other hears that this one has ended.
                "    !> inner KeyError",
                "    <- inner None",
                "    !> outer StopIteration",
                "    <~ outer 2",
                "    !> outer IndexError: last",
                "    <! outer IndexError: last",
                "  <- main None",
                "<- <module> None",
            ],
        )

    def test_pylatency(self):
        file = self.script_file()
        output = self.trace("pylatency", file)
        total = own(counts(output, "total_us"), file)
        self.assertGreaterEqual(total["sleeps"], 50_000)
        self.assertGreaterEqual(total["main"], total["sleeps"])
        self.assertLess(total["leaf"], total["sleeps"])
        # An exception is an end like any other, and a generator has three.
        for function, line, ends in (("leaf", 3, 4), ("numbers", 6, 3), ("fails", 10, 1),
                                     ("main", 16, 1)):
            rows = rows_of_latency(output, f"{function}, {file}, {line}")
            self.assertEqual(sum(rows.values()), ends)
        # The only one: that is its time, but for where a tick begins.
        (low, hits), = rows_of_latency(output, f"sleeps, {file}, 13").items()
        self.assertEqual(hits, 1)
        self.assertLessEqual(low, total["sleeps"] * 1.01)
        self.assertGreaterEqual(low * 2, total["sleeps"] * 0.99)

    def test_pylatency_of_recursion(self):
        file = self.script_file("""\
import time

def down(depth):
    if not depth:
        time.sleep(0.05)
        raise KeyError
    try:
        down(depth - 1)
    except KeyError:
        if depth < 3:
            raise

def twice():
    down(3)
    down(3)

twice()
""")
        output = self.trace("pylatency", file)
        total = own(counts(output, "total_us"), file)
        self.assertEqual(sum(rows_of_latency(output, f"down, {file}, 3").values()), 8)
        # The outermost calls only: not each of the four that each of them is.
        self.assertGreaterEqual(total["down"], 100_000)
        self.assertLessEqual(total["down"], total["twice"])

    def test_flame_graph_of_all_kinds_of_frames(self):
        file = self.script_file("""\
import time

def spins():
    while time.process_time() < 1:
        open('/dev/null').close()

def sleeps():
    time.sleep(0.05)

spins()
sleeps()
""")
        for script, function, kernel in (("pyoncpu-native", "spins", ".*"),
                                         ("pyoffcpu", "sleeps", "schedule")):
            flame = self.directory() / "folded"
            self.trace(script, "--flame", str(flame), file)
            self.assertRegex(
                flame.read_text(),
                rf"(?m)^<module> \({file}:\d+\);{function} \({file}:\d+\);(.*;)?"
                rf"{kernel}_\[k\](;.*)? \d+$",
            )

    @once
    def test_pprof(self):
        file = self.script_file("""\
import time

def sleeps():
    time.sleep(0.05)

sleeps()
""")
        flame = self.directory() / "x.pb.gz"
        self.trace("pyoffcpu", "--flame", str(flame), file)
        found = protobuf_reader.profile(gzip.decompress(flame.read_bytes()))
        self.assertEqual(found.types, [("time", "microseconds")])
        self.assertEqual(found.comments, [f"pyoffcpu of {file}"])
        # The innermost first, and so the module last.
        self.assertIn([("sleeps", str(file)), ("<module>", str(file))],
                      [[place[:2] for place in stack[-2:]] for stack, _ in found.samples])

    def test_exit_status_and_output_are_the_programs(self):
        self.trace("pycalls", "--", "-c", "import sys; print('hi'); sys.exit(7)", status=7)
        self.assertEqual(self.printed, "hi\n")
        self.trace("pycalls", "-c", "import os; os.kill(os.getpid(), 9)", status=137)

    def test_running_process(self):
        worker = self.worker()
        output = self.directory() / "output"
        tracer = subprocess.Popen(
            [sys.executable, TRACE, "--raw", "pycalls", "-p", str(worker.pid), "-o", output],
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        # What BEGIN prints comes out when all is attached.
        wait_until(
            lambda: output.exists() and "Counting calls" in output.read_text(), "attached"
        )
        self.assertIn("PY_START", worker.ask("settle()"))
        worker.ask("run(25)")
        worker.process.stdin.close()
        worker.process.wait(SECONDS)
        self.assertEqual(tracer.wait(SECONDS), 0)
        calls = counts(output.read_text(), "calls")
        self.assertEqual([n for key, n in calls.items() if key.startswith("helper,")], [25])

    def test_functions_of_one_name_in_two_files(self):
        first, second = self.script_file("def main(): pass\nmain()\n"), self.script_file()
        with open(first, "a", encoding="utf-8") as program:
            program.write(f"exec(compile(open({second!r}).read(), {second!r}, 'exec'))\n")
        output = self.trace("pylatency", first)
        for file in first, second:
            for function in "main", "<module>":
                self.assertIn(function, own(counts(output, "total_us"), file))
                found = [int(hits) for hits in re.findall(
                    rf"(?m)^@us\[{function}, {re.escape(file)}, \d+, \d+\]: (\d+)$", output
                )]
                self.assertEqual(found, [1])

    def test_says_that_events_do_not_fit(self):
        file = self.script_file("""\
def fails():
    raise KeyError

def tries():
    try:
        fails()
    except KeyError:
        pass

for _ in range(7):
    tries()
""")
        # That an exception leaves a function is not told.
        program = self.program(file, options=["-e", "py_start,py_return"])
        tracer = self.tracer(BUILDDIR / "bt/pyflow.bt", "-p", program.pid)
        program.go()
        program.finish()
        self.assertEqual(MISFITS.findall(tracer.stop()), ["7"])
        # Real ones, where they are installed; they are not in CPython.
        if can_import("greenlet"):
            output = self.trace("pyflow", self.script_file(GREENLETS))
            (misfits,) = MISFITS.findall(output)
            self.assertGreater(int(misfits), 5)

    @where_there_is("greenlet")
    def test_pylatency_of_greenlets(self):
        file = self.script_file(GREENLETS)
        output = self.trace("pylatency", "--", "--only-program", file)
        calls = own(counts(output, "calls"), file)
        self.assertEqual((calls["steps"], calls["rests"], calls["works"]), (12, 10, 2))
        self.assertEqual(sum(rows_of_latency(output, f"steps, {file}, 10").values()), 12)
        self.assertEqual(sum(rows_of_latency(output, f"rests, {file}, 3").values()), 10)

    def test_processes_that_end_in_the_middle_leave_room(self):
        file = self.script_file("""\
import os

def ends():
    os._exit(0)

def child():
    ends()

def goes_on():
    pass

for _ in range(200):
    if not os.fork():
        child()
    os.wait()
for _ in range(9):
    goes_on()
""")
        # Each is in two functions then.
        output = self.trace("pylatency", file, environment=room(300))
        rows = rows_of_latency(output, f"goes_on, {file}, 9")
        self.assertEqual(sum(rows.values()), 9)

    @once
    def test_full_map(self):
        functions = "".join(f"def f{n}(): pass\nf{n}()\nf{n}()\n" for n in range(50))
        for script in "pycalls", "pylatency", "pylines", "pyflow":
            file = self.script_file("def f(n): return n and f(n - 1)\nf(50)\n" + functions)
            # Said once.
            self.trace(script, file, environment=room(30), full=1)

    def test_end_of_a_long_path(self):
        directory = self.directory() / ("long-" * 20) / "package"
        directory.mkdir(parents=True)
        file = directory / "module.py"
        file.write_text(PROGRAM)
        scripts = {"pycalls": "calls", "pylatency": "total_us", "pylines": "hits"}
        for script, name in scripts.items():
            rows = counts(self.trace(script, str(file)), name)
            shown = {key.split(", ")[1] for key in rows if key.startswith("leaf, ")}
            self.assertEqual(len(shown), 1)
            self.assert_end(shown.pop(), str(file))

    def assert_end(self, shown, path):
        """Of what does not fit into the strings of this bpftrace the end is shown."""
        self.assertTrue(path.endswith(shown), shown)
        self.assertGreaterEqual(len(shown), min(len(path), 56))

    def test_bpftrace_starts_the_program(self):
        file = self.script_file()
        script = BUILDDIR / "bt/pycalls.bt"
        result = subprocess.run(
            ["bpftrace", script, "-c", f"{sys.executable} -m pyusdt {file}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS,
        )
        if self.bpftrace < (0, 24):
            # These look for the library before the program has loaded it, and say so: the
            # README has pyusdt-trace for them.
            self.assertNotEqual(result.returncode, 0)
            self.assertIn("Error finding location for probe", result.stderr)
        else:
            self.assertEqual(counts(result.stdout, "calls")[f"leaf, {file}, 3"], 4)


@once
class TraceErrors(LiveTest):
    def check(self, words, status, message, **environment):
        result = subprocess.run(
            [sys.executable, TRACE, *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS,
            env={**os.environ, **environment},
        )
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertIn(message, result.stderr)
        self.assertNotIn("Traceback", result.stderr)

    def test_usage(self):
        self.check([], 2, "no script given")
        self.check(["pycalls"], 2, "give either a program to run, or -p PID, or --all")
        self.check(["pycalls", "-p", "x"], 2, "-p x: not a process id")
        self.check(["pycalls", "-p", "9" * 5000], 2, "999: not a process id")
        self.check(["--nonsense"], 2, "unknown option --nonsense")
        self.check(["nosuch", "x.py"], 2, "no script 'nosuch'")

    def test_no_bpftrace(self):
        self.check(["pycalls", "x.py"], 1, "bpftrace is not installed", PATH="/nonexistent")

    def test_process_without_the_library(self):
        self.check(["pycalls", "-p", str(os.getpid())], 1, "has no libpyusdt loaded")
        self.check(["pycalls", "-p", "4194305"], 1, "there is no process 4194305")

    def test_program_that_cannot_start(self):
        self.check(["pycalls", "/nonexistent.py"], 2, "can't open file '/nonexistent.py'")

    def test_script_that_cannot_attach(self):
        script = self.directory() / "bad.bt"
        script.write_text("usdt::nosuch:probe { exit(); }")
        self.check([str(script), "-c", "print('never')"], 1, "bpftrace could not attach")
