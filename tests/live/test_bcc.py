# SPDX-License-Identifier: BSD-2-Clause
"""bcc's tools for Python, which know CPython's own probes only: they run unchanged."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from live import SECONDS, LiveTest, once, wait_until

# Debian's names.
TOOLS = ("pythoncalls-bpfcc", "pythonflow-bpfcc", "pythongc-bpfcc", "pythonstat-bpfcc")

# The tools' own interpreter, with which bcc comes.
TRIAL = ["/usr/bin/python3", "-c", "import bcc; bcc.BPF(text='int f() { return 0; }')"]

# Each calls the next one.
CHAIN = [f"f{number}" for number in range(20)]
CALLS = 3

PROGRAM = "\n".join(f"def {f}(): {g}()" for f, g in zip(CHAIN, CHAIN[1:])) + f"""
def {CHAIN[-1]}(): raise ValueError

for _ in range({CALLS}):
    try:
        {CHAIN[0]}()
    except ValueError:
        pass
"""


def load_tests(loader, tests, pattern):
    # The mark of tests/debian/folder. Not a skip: the machine's own bcc is what is tested.
    if pathlib.Path("/.libpyusdt-folder").exists() and shutil.which(TOOLS[0]) is None:
        print("test_bcc: not in the matrix's folders, which have no bcc")
        return unittest.TestSuite()
    return tests


def kernel_headers(folder):
    """The environment in which bcc finds some, made one tree in @folder where need be."""
    modules = pathlib.Path("/lib/modules")
    own = modules / os.uname().release / "build"
    others = sorted(modules.glob("*/build"))
    # Without any bcc says itself what is missing.
    if own.exists() or os.path.exists("/sys/kernel/kheaders.tar.xz") or not others:
        return {}
    # What the tools need of them is the same in every kernel.
    for tree in (others[-1].with_name("source"), others[-1]):
        for part in ("include", "arch"):
            shutil.copytree(
                tree / part, folder / part, copy_function=os.symlink, dirs_exist_ok=True
            )
    return {"BCC_KERNEL_SOURCE": str(folder)}


class Tool:
    """One of bcc's tools, attached when the constructor returns."""

    def __init__(self, environment, *words):
        self._output = tempfile.TemporaryFile()
        # A group of its own: the tool is the child of a shell script.
        self.process = subprocess.Popen(
            list(map(str, words)),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        try:
            wait_until(self.is_waiting, f"{words[0]} is attached")
        except BaseException:
            self.kill()
            raise

    def is_waiting(self):
        """For the end of its interval, or for events that it has not printed yet."""
        if self.process.poll() is not None:
            raise AssertionError(f"the tool ended early: {self.output()}")
        pid = self.process.pid
        with contextlib.suppress(OSError):
            child = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()
            wait = pathlib.Path(f"/proc/{child}/wchan").read_text()
            return "nanosleep" in wait or "poll" in wait
        return False

    def output(self):
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode(errors="replace")

    def stop(self):
        """End it as Ctrl-C does. Returns: all its output."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(SECONDS)
        return self.output()

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@once
class Bcc(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        missing = [tool for tool in TOOLS if shutil.which(tool) is None]
        if missing:
            raise unittest.SkipTest(f"not installed (package bpfcc-tools): {missing}")
        folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.environment = kernel_headers(pathlib.Path(folder))
        trial = subprocess.run(
            TRIAL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **cls.environment},
        )
        if trial.returncode:
            text = trial.stdout + trial.stderr
            reason = text.partition("Traceback")[0].strip() or text
            raise unittest.SkipTest(f"bcc cannot compile here: {reason}")

    def tool(self, *words):
        tool = Tool(self.environment, *words)
        self.addCleanup(tool.kill)
        return tool

    def held_program(self):
        file = self.directory() / "program.py"
        file.write_text(PROGRAM)
        return file, self.program(str(file))

    def test_calls(self):
        for options in ([], ["-L"]):
            with self.subTest(options=options):
                file, program = self.held_program()
                tool = self.tool("pythoncalls-bpfcc", *options, program.pid)
                program.go()
                program.finish()
                rows = re.findall(rf"^{file}\.(\S+) +(\d+)", tool.stop(), re.MULTILINE)
                # One row each: bcc takes what lies behind a name for a part of it.
                self.assertEqual(
                    sorted((name, int(calls)) for name, calls in rows),
                    sorted([("<module>", 1), *((name, CALLS) for name in CHAIN)]),
                )

    def test_flow(self):
        file, program = self.held_program()
        # It keeps the order of each CPU, and has little room for what is not yet read.
        os.sched_setaffinity(program.pid, {min(os.sched_getaffinity(0))})
        tool = self.tool("pythonflow-bpfcc", "-C", file, program.pid)
        program.go()
        program.finish()
        wait_until(
            lambda: f"<- {file}.<module>" in tool.output() and tool.is_waiting(),
            "all is printed",
        )
        lines = [line for line in tool.output().splitlines() if f" {file}." in line]
        margin = lines[0].index("->")

        call = [(depth, "->", name) for depth, name in enumerate(CHAIN, 1)]
        call += [(depth, "<-", name) for depth, _, name in reversed(call)]
        self.assertEqual(
            [self.flow_row(line, margin, file) for line in lines],
            [(0, "->", "<module>"), *call * CALLS, (0, "<-", "<module>")],
        )

    def flow_row(self, line, margin, file):
        match = re.search(rf"(->|<-) {file}\.(\S+)", line)
        return ((match.start() - margin) // 2, match[1], match[2])

    def test_gc(self):
        worker = self.worker()
        worker.ask("__import__('gc').disable()")
        tool = self.tool("pythongc-bpfcc", worker.pid)
        worker.ask("settle()")
        worker.ask("[__import__('gc').collect() for _ in range(5)]")

        def rows():
            # The description is always None: a mistake in the tool.
            return re.findall(r"^\d+\.\d+ +\d+\.\d+ +None", tool.output(), re.MULTILINE)

        wait_until(lambda: len(rows()) >= 5 and tool.is_waiting(), "all is printed")
        self.assertEqual(len(rows()), 5)

    def test_stat(self):
        worker = self.worker()
        # It looks for processes of this name.
        worker.ask("open('/proc/self/comm', 'w').write('python')")
        tool = self.tool("pythonstat-bpfcc", "-C", 1000, 1)
        worker.ask("settle()")
        worker.ask("run(4000)")
        worker.ask("[__import__('gc').collect(0) for _ in range(3000)]")
        row = re.search(rf"^{worker.pid} .*", tool.stop(), re.MULTILINE)[0].split()
        # Per second of an interval of 1000 s, rounded down; run() calls two functions.
        self.assertEqual(row[-6:-4], ["8", "3"])
