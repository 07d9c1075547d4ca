# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt-trace --top with a real bpftrace, in a terminal and in tmux."""

import fcntl
import os
import pty
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

from live import ENVIRONMENT, SECONDS, TRACE, once, wait_until
from test_trace import TraceTest

TICKING = """\
import os, time

def ticks():
    os.stat('/')
    time.sleep(0.01)

while True:
    ticks()
"""
LEAVES = "\x1b[?1049l"


class TopTest(TraceTest):
    def ticking(self):
        file = self.directory() / "ticking.py"
        file.write_text(TICKING)
        process = subprocess.Popen([sys.executable, file])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process


@once
class Terminals(TopTest):
    def begin(self, *words):
        """With a terminal of its own, as a person has it."""
        self.main, self.terminal = pty.openpty()
        self.addCleanup(os.close, self.main)
        self.addCleanup(os.close, self.terminal)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.terminal)
        self.text = ""
        tracer = subprocess.Popen(
            [sys.executable, "-I", TRACE, "--top", *words], stdin=self.terminal,
            stdout=self.terminal, stderr=self.terminal,
            env={**os.environ, **ENVIRONMENT, "TERM": "xterm"},
            preexec_fn=self.take_terminal, start_new_session=True,
        )
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        return tracer

    def take_terminal(self):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def until(self, expected):
        limit = time.monotonic() + SECONDS
        while expected not in self.text:
            if not select.select([self.main], [], [], max(limit - time.monotonic(), 0))[0]:
                self.fail(f"no {expected!r} in {self.text!r}")
            self.text += os.read(self.main, 1 << 16).decode()

    def rest(self, tracer, status):
        """What comes after the screen, which has been left as it was."""
        wait_until(lambda: self.has_ended(tracer), "pyusdt-trace has ended")
        self.assertEqual(tracer.returncode, status, self.text)
        self.assertEqual(termios.tcgetattr(self.terminal), self.before)
        return self.text.rpartition(LEAVES)[2]

    def has_ended(self, tracer):
        ended = tracer.poll() is not None
        while select.select([self.main], [], [], 0)[0]:
            self.text += os.read(self.main, 1 << 16).decode()
        return ended

    def test_ends(self):
        process = self.ticking()
        for end in ("q", "\x03", signal.SIGTERM):
            with self.subTest(end=end):
                tracer = self.begin("pysyscall", "-p", str(process.pid))
                self.until("newfstatat")
                if isinstance(end, str):
                    os.write(self.main, end.encode())
                else:
                    tracer.send_signal(end)
                rest = self.rest(tracer, 0)
                self.assertIn("System calls of Python functions", rest)
                self.assertRegex(rest, r"newfstatat +ticks ")
        self.assertIsNone(process.poll())

    def test_end_of_the_process(self):
        process = self.ticking()
        tracer = self.begin("pysyscall", "-p", str(process.pid))
        self.until("newfstatat")
        process.kill()
        self.assertRegex(self.rest(tracer, 0), r"newfstatat +ticks ")

    def test_end_of_bpftrace(self):
        process = self.ticking()
        tracer = self.begin("pysyscall", "-p", str(process.pid))
        self.until("newfstatat")
        os.kill(self.bpftrace_of(tracer), signal.SIGKILL)
        self.assertIn("bpftrace was ended by SIGKILL", self.rest(tracer, 128 + 9))


def where_there_is_tmux(test):
    if shutil.which("tmux"):
        return test
    print(f"left out: {test.__name__}: tmux is not installed")
    return None


@where_there_is_tmux
class Tmux(TopTest):
    def tmux(self, *words):
        return subprocess.run(
            ["tmux", "-S", self.socket, "-f", "/dev/null", *words], check=True,
            stdout=subprocess.PIPE, text=True,
        ).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def shows(self, expected):
        wait_until(lambda: expected in self.screen(), f"the screen shows {expected!r}")

    def test_keys_and_sizes(self):
        process = self.ticking()
        self.socket = str(self.directory() / "tmux")
        command = shlex.join([sys.executable, "-I", str(TRACE), "--top", "pysyscall",
                              "-p", str(process.pid)])
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", f"{command}; echo status $?; read x")
        self.addCleanup(self.tmux, "kill-server")
        self.shows("newfstatat")
        lines = self.screen().splitlines()
        self.assertRegex(lines[0], rf"^pysyscall of process {process.pid}  \d\d:\d\d:\d\d  1\.\d s$")
        self.assertEqual(lines[1], "System calls of Python functions")
        self.assertRegex(lines[2], r"^ *TOTAL\S  CALLS  SYSCALL +FUNCTION  FILE:LINE$")
        self.assertTrue(lines[23].endswith("q quit"))
        self.tmux("send-keys", "C")
        self.shows("CALLS\u2193")
        self.tmux("send-keys", "p")
        self.shows("[frozen]")
        self.tmux("resize-window", "-x", "50", "-y", "10")
        wait_until(lambda: "p freeze" in (self.screen().splitlines()[9:] or [""])[0],
                   "it fits the smaller screen")
        self.tmux("resize-window", "-x", "80", "-y", "24")
        self.tmux("send-keys", "q")
        self.shows("status 0")
        self.assertRegex(self.screen(), r"newfstatat +ticks ")
