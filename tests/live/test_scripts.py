# SPDX-License-Identifier: BSD-2-Clause
"""The scripts in bt/, by themselves and by pyusdt-trace."""

import os
import re
import subprocess
import sys

from live import BUILDDIR, SECONDS, LiveTest, counts, wait_until

TRACE = BUILDDIR / "python/pyusdt-trace"

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


class Scripts(LiveTest):
    def trace(self, script, *words, status=0):
        """Returns: what the script printed."""
        output = self.directory() / "output"
        result = subprocess.run(
            [sys.executable, TRACE, "-o", output, script, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
        )
        self.assertEqual(result.returncode, status, result.stderr)
        self.printed = result.stdout
        return output.read_text()

    def script_file(self):
        path = self.directory() / "prog.py"
        path.write_text(PROGRAM)
        return str(path)

    def test_sample_has_every_event(self):
        file = self.script_file()
        output = self.trace("sample", file)
        for line in (
            rf"PY_START  main \({file}:16\) offset 0",
            rf"LINE      main \({file}:17\)",
            rf"CALL      main \({file}:16\) offset \d+ calls __main__.leaf",
            rf"PY_RETURN leaf \({file}:3\) offset \d+ returns 42",
            rf"PY_YIELD  numbers \({file}:6\) offset \d+ yields 'one'",
            rf"PY_RESUME numbers \({file}:6\) offset \d+",
            rf"PY_RETURN <module> \({file}:1\) offset \d+ returns None",
        ):
            self.assertRegex(output, rf"(?m)^{line}$")

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

    def test_pyflow(self):
        file = self.script_file()
        lines = [line[20:] for line in self.trace("pyflow", file).splitlines()[1:]]
        start = lines.index(f"-> <module> ({file}:1)")
        self.assertEqual(
            lines[start:][:21],
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
                # What an exception ends has no line, and what follows is too deep by
                # one until its caller returns.
                f"    -> fails ({file}:10)",
                f"      -> sleeps ({file}:13)",
                "      <- sleeps None",
                f"      -> leaf ({file}:3)",
                "      <- leaf 42",
                "  <- main None",
                "<- <module> None",
            ],
        )

    def test_pylatency(self):
        output = self.trace("pylatency", self.script_file())
        total = counts(output, "total_us")
        self.assertGreaterEqual(total["sleeps"], 50_000)
        self.assertGreaterEqual(total["main"], total["sleeps"])
        self.assertLess(total["leaf"], total["sleeps"])
        histogram = re.search(r"@us\[leaf\]: *\n((?:[\[(].*\n)+)", output)[1]
        self.assertEqual(sum(int(n) for n in re.findall(r"\) +(\d+) \||\] +(\d+) \|", histogram)
                             for n in n if n), 4)

    def test_exit_status_and_output_are_the_programs(self):
        self.trace("pycalls", "--", "-c", "import sys; print('hi'); sys.exit(7)", status=7)
        self.assertEqual(self.printed, "hi\n")
        self.trace("pycalls", "-c", "import os; os.kill(os.getpid(), 9)", status=137)

    def test_running_process(self):
        worker = self.worker()
        output = self.directory() / "output"
        tracer = subprocess.Popen(
            [sys.executable, TRACE, "pycalls", "-p", str(worker.pid), "-o", output],
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        # What BEGIN prints comes out when all is attached.
        wait_until(
            lambda: output.exists() and "Counting calls" in output.read_text(), "attached"
        )
        self.assertEqual(worker.ask("settle()"), ["PY_START"])
        worker.ask("run(25)")
        worker.process.stdin.close()
        worker.process.wait(SECONDS)
        self.assertEqual(tracer.wait(SECONDS), 0)
        calls = counts(output.read_text(), "calls")
        self.assertEqual([n for key, n in calls.items() if key.startswith("helper,")], [25])

    def test_bpftrace_starts_the_program(self):
        if self.bpftrace < (0, 23):
            # Not a skip: such versions cannot find a library that is not loaded yet.
            return
        file = self.script_file()
        script = BUILDDIR / "bt/pycalls.bt"
        result = subprocess.run(
            ["bpftrace", script, "-c", f"{sys.executable} -m pyusdt {file}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS,
        )
        self.assertEqual(counts(result.stdout, "calls")[f"leaf, {file}, 3"], 4)


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
        self.check(["pycalls"], 2, "give either a program to run or -p PID")
        self.check(["pycalls", "-p", "x"], 2, "-p x: not a process id")
        self.check(["--nonsense"], 2, "unknown option --nonsense")
        self.check(["nosuch", "x.py"], 2, "no script 'nosuch'")

    def test_no_bpftrace(self):
        self.check(["pycalls", "x.py"], 1, "bpftrace is not installed", PATH="/nonexistent")

    def test_process_without_the_library(self):
        self.check(["pycalls", "-p", str(os.getpid())], 1, "has no libpyusdt loaded")
        self.check(["pycalls", "-p", "4194305"], 1, "process 4194305: No such file")

    def test_program_that_cannot_start(self):
        self.check(["pycalls", "/nonexistent.py"], 2, "can't open file '/nonexistent.py'")

    def test_script_that_cannot_attach(self):
        script = self.directory() / "bad.bt"
        script.write_text("usdt::nosuch:probe { exit(); }")
        self.check([str(script), "-c", "print('never')"], 1, "bpftrace could not attach")
