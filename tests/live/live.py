# SPDX-License-Identifier: BSD-2-Clause
"""A traced program and a real bpftrace, brought together by handshake, never by sleep."""

import contextlib
import functools
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from lanes import unshare_mounts

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
TESTS = HERE.parent
BUILDDIR = pathlib.Path(os.environ["PYUSDT_BUILDDIR"])

# By the link: given the file that it leads to and -p, bpftrace 0.27 attaches twice.
LIBRARY = BUILDDIR / "libpyusdt/.libs/libpyusdt.so.0"
TRACE = BUILDDIR / "python/pyusdt-trace"

# Long enough for a slow machine, be it an emulated one: only a failing test waits so long.
SECONDS = 180
RESEND_SECONDS = 10

# bpftrace prints this once all probes are attached, where the variable is set; 0.17 to
# stderr, later versions to stdout.
ATTACHED = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"


# What /proc/PID/syscall has where all has been read: epoll_wait or epoll_pwait.
# It has "running" as soon as there is more.
WAITING_FOR_EVENTS = ("232", "281") if os.uname().machine == "x86_64" else ("22",)


ENVIRONMENT = {
    ATTACHED: "1",
    # Room for all output of a test, however seldom bpftrace gets to run.
    "BPFTRACE_PERF_RB_PAGES": "4096",
}


# What a script says when a map of bpftrace has no room for a new key.
FULL = "A map is full: "


def room(keys):
    """The environment for so many keys in a map, by its old and its new name."""
    return {"BPFTRACE_MAP_KEYS_MAX": str(keys), "BPFTRACE_MAX_MAP_KEYS": str(keys)}


def why_not():
    """Why no tracer can be run here, or None."""
    if shutil.which("bpftrace") is None:
        return "bpftrace is not installed"
    if os.geteuid() != 0:
        return "bpftrace needs root"
    return None


def bpftrace_version():
    text = subprocess.run(
        ["bpftrace", "--version"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def ask_bpftrace(script):
    """What the bpftrace at hand prints of this script, None where it does not take it."""
    result = subprocess.run(
        ["bpftrace", "-e", script], text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )
    return None if result.returncode else result.stdout


def wait_until(condition, what):
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {SECONDS} s: {what}")
        time.sleep(0.01)


class Tracer:
    """bpftrace, attached when the constructor returns."""

    def __init__(self, script, *options, command=("bpftrace",), environment=None):
        self._stdout = tempfile.TemporaryFile("w+")
        self._stderr = tempfile.TemporaryFile("w+")
        words = ["-e", script] if "{" in str(script) else [str(script)]
        self.process = subprocess.Popen(
            [*map(str, command), *map(str, options), *words],
            stdin=subprocess.DEVNULL,
            stdout=self._stdout,
            stderr=self._stderr,
            env={**os.environ, **ENVIRONMENT, **(environment or {})},
        )
        wait_until(self._is_attached, f"bpftrace attached to {script}")

    def _is_attached(self):
        if self.process.poll() is not None:
            raise AssertionError(f"bpftrace ended early: {self._text(self._stderr)}")
        return ATTACHED in self._text(self._stdout) + self._text(self._stderr)

    def _has_read_all(self):
        try:
            call, *_ = pathlib.Path(f"/proc/{self.process.pid}/syscall").read_text().split()
        except (OSError, ValueError):
            return True  # It has ended, of itself.
        return call in WAITING_FOR_EVENTS

    def _text(self, file):
        # Where it is read from is of no matter to the child, which only appends.
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode(errors="replace")

    def output(self):
        """What it has printed so far, without its own notices."""
        lines = self._text(self._stdout).splitlines(keepends=True)
        notices = (ATTACHED, "Attaching ", "Attached ")
        return "".join(line for line in lines if not line.startswith(notices))

    def messages(self):
        return self._text(self._stderr)

    def stop(self):
        """End it as Ctrl-C does. Returns: all its output."""
        # Told to end, later versions forget what they have not read, and on a busy machine
        # they are far behind. Where events go on there is no end of them to wait for.
        with contextlib.suppress(AssertionError):
            wait_until(self._has_read_all, "bpftrace has read all events")
        # Again where 0.17 has missed it, see interrupt() in python/pyusdt/trace/tracer.py.
        for _ in range(SECONDS // RESEND_SECONDS):
            if self.process.poll() is not None:
                break
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(RESEND_SECONDS)
        self.process.wait(RESEND_SECONDS)
        output = self.output()
        if re.search(r"^Lost \d+ events", output + self.messages(), re.MULTILINE):
            raise AssertionError("bpftrace has lost events: the machine is too busy")
        return output

    def kill(self):
        self.process.kill()
        self.process.wait()


class Program:
    """A program under python -m pyusdt that stands before its first line."""

    def __init__(self, *words, options=(), environment=None, stdout=subprocess.PIPE,
                 python=(sys.executable,)):
        held, self._release = os.pipe()
        self.process = subprocess.Popen(
            [*python, "-m", "pyusdt", "--wait-fd", str(held), *options, *words],
            pass_fds=[held],
            stdin=subprocess.PIPE,
            stdout=stdout,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        os.close(held)
        self.pid = self.process.pid
        wait_until(self._has_library, "the program has loaded the library")

    def _has_library(self):
        if self.process.poll() is not None:
            raise AssertionError("the program ended early")
        return "/libpyusdt.so" in pathlib.Path(f"/proc/{self.pid}/maps").read_text()

    def go(self):
        os.write(self._release, b"\n")
        os.close(self._release)
        self._release = None

    def finish(self):
        """Returns: what it printed. Fails where its exit status is not 0."""
        output, _ = self.process.communicate(timeout=SECONDS)
        if self.process.returncode:
            raise AssertionError(f"the program's exit status {self.process.returncode}")
        return output

    def kill(self):
        if self._release is not None:
            os.close(self._release)
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Worker(Program):
    """Evaluates expressions in a traced process, see programs/worker.py."""

    def __init__(self, **keywords):
        super().__init__(str(PROGRAMS / "worker.py"), **keywords)

    def ask(self, expression):
        self.process.stdin.write(f"{expression}\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            raise AssertionError(f"no answer to {expression}")
        return json.loads(line)


class LiveTest(unittest.TestCase):
    """A test with real tracers. What it starts is ended with it, and shown if it fails."""

    @classmethod
    def setUpClass(cls):
        reason = why_not()
        if reason:
            raise unittest.SkipTest(reason)
        cls.bpftrace = bpftrace_version()

    def tracer(self, script, *options, **keywords):
        tracer = Tracer(script, *options, **keywords)
        self.addCleanup(tracer.kill)
        return tracer

    def program(self, *words, **keywords):
        program = Program(*words, **keywords)
        self.addCleanup(program.kill)
        return program

    def worker(self, **keywords):
        worker = Worker(**keywords)
        self.addCleanup(worker.kill)
        worker.go()
        return worker

    def run_trace(self, *words, status=0, **environment):
        """pyusdt-trace to its end. Returns: standard output and errors."""
        result = subprocess.run(
            [sys.executable, TRACE, *words], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=SECONDS, env={**os.environ, **ENVIRONMENT, **environment},
        )
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        return result.stdout, result.stderr

    def directory(self):
        """A short name: bpftrace 0.17 cuts strings at 64 bytes."""
        directory = tempfile.mkdtemp(prefix="pyusdt-", dir="/tmp")
        self.addCleanup(shutil.rmtree, directory)
        return pathlib.Path(directory)


def can_import(module):
    """In Debian a package's part in C is for few of the interpreters that find the package."""
    result = subprocess.run(
        [sys.executable, "-c", f"import {module}"], stderr=subprocess.DEVNULL, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
    )
    return result.returncode == 0


def where_there_is(module):
    """A test that needs what few interpreters have; where it is missing that is said."""
    def decide(test):
        if can_import(module):
            return test
        print(f"left out: {test.__name__}: {sys.executable} has no {module}")
        return None

    return decide


def once(test):
    """A test, or a class of them, of what does not depend on the interpreter.

    PYUSDT_FURTHER_INTERPRETER=1: they have been run under another one, with this bpftrace.
    """
    if os.environ.get("PYUSDT_FURTHER_INTERPRETER") != "1":
        return test
    print(f"left out: {test.__qualname__}: run under another interpreter")
    return None


def alone(test):
    """A test in which "all processes" are its own: it has no others in its /proc.

    Elsewhere the numbers of processes are others than there, as for a script's `pid`.
    """
    @functools.wraps(test)
    def run(self):
        if os.environ.get("PYUSDT_TEST_IS_ALONE") == self.id():
            test(self)
            return
        result = subprocess.run(
            [*unshare_mounts(), "--pid", "--fork", "--kill-child", "--mount-proc",
             sys.executable, TESTS / "run.py", "live", self.id()],
            env={**os.environ, "PYUSDT_TEST_IS_ALONE": self.id()},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False,
        )
        self.assertEqual(result.returncode, 0, result.stdout)

    return run


def probe(name, action, predicate=""):
    return f"usdt:{LIBRARY}:pyusdt:{name} {predicate} {{ {action} }}"


def counts(output, name=""):
    """{"key": count} of a bpftrace map."""
    pattern = rf"^@{name}\[(.*)\]: (\d+)$"
    return {key: int(count) for key, count in re.findall(pattern, output, re.MULTILINE)}
