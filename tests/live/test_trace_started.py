# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt-trace with a script on kernel events starts a program as python3 itself does."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

from live import SECONDS, TRACE, once, wait_until
from test_outside import ENVIRONMENT, find_other_python
from test_trace_plain import CALL, PlainTest, stacks_in, stacks_told

# What a program can know of how it was started.
SURROUNDINGS = """\
import os, signal, sys, threading
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
print(sys.argv, sys.orig_argv, sys.executable, sys.flags, sys.path, sep="\\n")
print(sorted(sys.modules), threading.active_count(), sys.getrecursionlimit(), sep="\\n")
print(open("/proc/self/cmdline").read(), sorted(os.environ.items()), sep="\\n")
print(*(status[name] for name in ("TracerPid", "SigBlk", "SigIgn", "SigCgt", "CapEff")))
print(sorted(os.listdir("/proc/self/fd")), os.getcwd(), os.getpgrp() == os.getpid())
frame, depth = sys._getframe(), 0
while frame:
    frame, depth = frame.f_back, depth + 1
print(depth, sys.monitoring.get_tool(4), signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""


ENDS_LATE = """\
import os, signal, time

def end(number, frame):
    time.sleep(0.2)
    open("/nowhere-at-the-end")

signal.signal(signal.SIGTERM, end)
os.write(2, b"ready\\n")
time.sleep(1000)
"""


def without_bpftrace(errors):
    """0.17 complains of a limit on some kernels that does not matter there."""
    lines = errors.splitlines(keepends=True)
    return "".join(line for line in lines if "couldn't set RLIMIT_MEMLOCK" not in line)


class Started(PlainTest):
    def setUp(self):
        super().setUp()
        self.folder = self.directory()

    def write(self, text):
        file = self.folder / "prog.py"
        file.write_text(text)
        return str(file)

    def run_it(self, script, *words, status=0, **options):
        """Returns: what the program printed, its errors, and the trace in the raw form."""
        file = self.folder / "trace"
        # As these tests' own, the environment has what no user's has.
        environment = {**ENVIRONMENT, "PATH": os.environ["PATH"]}
        tracer = self.start("-o", str(file), "--raw", script, *words,
                            **{"env": environment, "cwd": self.folder, **options})
        output, errors = self.finish(tracer, status)
        return output, without_bpftrace(errors), file.read_text()

    def test_stacks_of_system_calls(self):
        for python in {sys.executable, find_other_python()}:
            with self.subTest(python=python):
                reference, folded = self.folder / "reference", self.folder / "stacks.folded"
                reference.unlink(missing_ok=True)
                rounds = self.folder / "rounds"
                rounds.write_text("\n\n")
                with rounds.open() as stdin:
                    output, _, trace = self.run_it(
                        "--flame", folded, "pysyscall-stacks", "--python", python,
                        self.program, str(reference), stdin=stdin,
                    )
                self.assertEqual(output, "ready\ndone\ndone\n")
                self.assertEqual(trace.count(": CPython"), 1, trace)
                seen, told = stacks_in(folded, CALL), stacks_told(reference)
                # The line of a frame may not be known: the program ends at once.
                patterns = [re.compile(re.sub(r":\d+\\\+", r":\\d+", re.escape(stack)))
                            for stack in seen]
                for stack in told:
                    self.assertTrue(any(pattern.fullmatch(stack) for pattern in patterns), stack)
                for pattern in patterns:
                    self.assertTrue(any(map(pattern.fullmatch, told)), pattern)

    def test_first_line(self):
        """Of a script, a module and a command."""
        code = "import os\ntry: os.open('/nowhere-' + 'first', 0)\nexcept OSError: pass\n"
        file = self.write(code)
        seen = "/nowhere-first, by <module> "
        for words, name in (([file], file), (["-m", "prog"], file), (["-c", code], "<string>")):
            with self.subTest(words=words):
                _, _, trace = self.run_it("pyopen", *words)
                self.assertEqual(trace.count(f"{seen}({name[-55:]}:1)\n"), 1, trace)

    def test_what_the_interpreter_does_before(self):
        _, _, trace = self.run_it("pyopen", self.write("pass\n"))
        self.assertIn("<frozen importlib._bootstrap_external>", trace)

    @once
    def test_surroundings(self):
        """All is as without us."""
        file = self.write(SURROUNDINGS)
        environment = {**ENVIRONMENT, "PATH": os.environ["PATH"]}
        for words in ([file, "a", "-b"], ["-m", "prog", "--", "x"], ["-c", SURROUNDINGS, "-c"],
                      ["-mprog"]):
            with self.subTest(words=words):
                expected = subprocess.run(
                    [sys.executable, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, text=True, env=environment, cwd=self.folder,
                )
                self.assertEqual((expected.returncode, expected.stderr), (0, ""))
                output, errors, _ = self.run_it("pysyscall", "--python", sys.executable, *words)
                self.assertEqual((output, errors), (expected.stdout, ""))
                self.assertNotIn("'pyusdt'", output)

    def test_ends(self):
        """Exit status and messages are python3's."""
        for code, status in (
            ("import sys; sys.exit(7)", 7),
            ("import os; os._exit(255)", 255),
            ("import os; os.kill(os.getpid(), 9)", 137),
            ("1/0", 1),
            ("raise KeyboardInterrupt", 130),
            ("this is no Python", 1),
        ):
            with self.subTest(code=code):
                file = self.write(code)
                expected = subprocess.run(
                    [sys.executable, file], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                    text=True, env=ENVIRONMENT, cwd=self.folder,
                )
                _, errors, _ = self.run_it("pysyscall", file, status=status)
                self.assertEqual(errors, expected.stderr)
                ended = expected.returncode
                self.assertEqual(ended if ended >= 0 else 128 - ended, status)

    @once
    def test_words_that_are_not_of_a_program(self):
        _, errors, _ = self.run_it("pysyscall", "/nonexistent.py", status=2)
        self.assertIn("can't open file '/nonexistent.py'", errors)
        # Options of python -m pyusdt: it is run by that.
        code = "import sys; print('pyusdt' in sys.modules)"
        output, _, _ = self.run_it("pysyscall", "--no-stdlib", "-c", code)
        self.assertEqual(output, "True\n")

    def test_signal_while_it_runs(self):
        file = self.write("import os, time\nos.write(2, b'ready\\n')\ntime.sleep(1000)\n")
        trace = self.folder / "trace"
        tracer = self.start("-o", trace, "pysyscall-stacks", file)
        wait_until(lambda: tracer.stderr.readline() in ("ready\n", ""), "it runs")
        tracer.send_signal(signal.SIGTERM)
        self.finish(tracer, 128 + signal.SIGTERM)
        self.assertIn("<module>", trace.read_text())

    def test_what_a_signal_makes_it_do(self):
        """It is told to end, and does so in its own time."""
        file = self.write(ENDS_LATE)
        trace = self.folder / "trace"
        tracer = self.start("-o", trace, "--raw", "pyopen", file)
        wait_until(lambda: tracer.stderr.readline() in ("ready\n", ""), "it runs")
        tracer.send_signal(signal.SIGTERM)
        self.finish(tracer, 1)
        self.assertIn("/nowhere-at-the-end, by end ", trace.read_text())

    def held(self, tracer, file):
        """Returns: the program, which stands before the interpreter's first instruction."""
        found = []

        def is_there():
            for child in pathlib.Path(f"/proc/{tracer.pid}/task/{tracer.pid}/children") \
                    .read_text().split():
                # One that has only been forked ends meanwhile, or has its parent's words.
                with contextlib.suppress(OSError):
                    words = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                    if file.encode() in words and str(TRACE).encode() not in words:
                        found.append(int(child))
            return found

        wait_until(is_there, "the program is held")
        return found[0]

    def test_killed_while_it_is_held(self):
        file = self.write("import os\nos.write(2, b'ran')\n")
        tracer = self.start("pysyscall", file)
        program = self.held(tracer, file)
        bpftrace = self.bpftrace_of(tracer)
        os.kill(bpftrace, signal.SIGSTOP)
        tracer.kill()
        self.is_gone(program)
        self.is_gone(bpftrace)
        self.assertEqual(without_bpftrace(tracer.stderr.read()), "")

    def test_program_that_is_killed_while_it_is_held(self):
        file = self.write("import os\nos.write(2, b'ran')\n")
        tracer = self.start("pysyscall", file)
        program = self.held(tracer, file)
        os.kill(self.bpftrace_of(tracer), signal.SIGSTOP)
        os.kill(program, signal.SIGKILL)
        _, errors = self.finish(tracer, 128 + signal.SIGKILL)
        self.assertEqual(without_bpftrace(errors), "")

    def test_traced_by_another(self):
        """Then this command cannot stop the program itself, and has pyusdt hold it."""
        strace = shutil.which("strace")
        if strace is None:
            self.skipTest("strace is not installed")
        code = "import sys; print('pyusdt' in sys.modules)"
        result = subprocess.run(
            [strace, "-f", "-qq", "-e", "trace=none", "-e", "signal=none", "-o", "/dev/null",
             sys.executable, "-I", TRACE, "-o", self.folder / "trace", "pysyscall", "-c", code],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=ENVIRONMENT, timeout=SECONDS,
        )
        self.assertEqual((result.returncode, result.stdout), (0, "True\n"), result.stderr)
