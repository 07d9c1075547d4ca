# SPDX-License-Identifier: BSD-2-Clause
"""bpftrace as a child process: started on a traced process, read, and ended."""

import contextlib
import io
import math
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from typing import IO

from pyusdt.failure import say, signal_name
from pyusdt.trace import printer
from pyusdt.trace.output import Output
from pyusdt.trace.signals import shell_status
from pyusdt.trace.spool import Spool

prctl: Callable[..., object] | None = None
# An interpreter built without libffi has no ctypes: there a kill -9 of this one leaves
# bpftrace.
with contextlib.suppress(ImportError):
    from ctypes import CDLL

    prctl = CDLL(None).prctl

# bpftrace prints this line, where the variable of that name is set, once all probes are
# attached; 0.17 to stderr, later versions to stdout. Its own tests rely on it.
ATTACHED = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"

# How many pages it has for events that it has not read yet, per processor. By default, in
# 0.17, 64: when many processes are traced on a busy machine, lines and whole maps are lost.
BUFFER = "BPFTRACE_PERF_RB_PAGES"
MAX_BUFFER_PAGES = 1024
MAX_ALL_PAGES = 16384

# How many keys a map has, by the names of later versions and of 0.17. By default 4096: the
# stacks of a few programs are more. What none uses takes memory all the same, in the kernel:
# some hundred bytes for a key, and 8 for each processor; and to clear a map takes bpftrace
# as many steps as it has room and keys, multiplied.
ROOM = dict.fromkeys(("BPFTRACE_MAX_MAP_KEYS", "BPFTRACE_MAP_KEYS_MAX"), "16384")

# For what it writes until the thread that reads it has its turn, see spool.py.
PIPE_SIZE = 1 << 20

RESEND_SECONDS = 5
READ_SECONDS = 1

# Processes tell what they have counted once a second, at a tick of theirs, ten of which are in
# a second.
TOLD_LATE = re.compile(r"\busdt:[^\s]*:pyusdt:PROFILE\b")
TELLING_SECONDS = 1.2

PR_SET_PDEATHSIG = 1

# What /proc/PID/syscall begins with where bpftrace waits for events: the number of
# epoll_wait or epoll_pwait. It has "running" as soon as there is more to read.
WAITING_FOR_EVENTS = ("232", "281") if os.uname().machine == "x86_64" else ("22",)


class Tracer:
    """bpftrace with a script, its output copied to a file and its messages to stderr."""

    def __init__(
        self, bpftrace: str, script: pathlib.Path, output: Output, *arguments: int,
        process: int | None = None,
    ) -> None:
        """@arguments: of the script. @process: for bpftrace's -p, with which it ends."""
        self.ends_by_itself = process is not None
        self._output = output
        self._messages: io.StringIO | None = io.StringIO()
        source = script.read_text(errors="replace")
        self._printer = printer.Printer(bpftrace, source, output, self._write_message)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if self._printer.source != source:
            self._folder = tempfile.TemporaryDirectory()
            script = pathlib.Path(self._folder.name, script.name)
            script.write_text(self._printer.source)
        words = [str(script), *map(str, arguments)]
        if process is not None:
            words[:0] = ["-p", str(process)]
        self._attached = threading.Event()
        self._is_asked = self._is_killed = False
        self._telling_seconds = TELLING_SECONDS if TOLD_LATE.search(source) else 0.0
        self._next_interrupt = self._patience = self._told = 0.0
        self._process = subprocess.Popen(
            [bpftrace, "--no-warnings", *printer.OPTIONS, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pipesize=PIPE_SIZE,
            env={BUFFER: str(buffer_pages()), **ROOM, **os.environ, ATTACHED: "1"},
            preexec_fn=dependent_child(),
            # Of its own: it is told to end by this process only, never a second time by
            # the terminal while it prints its maps.
            process_group=0,
        )
        self._copiers = [
            threading.Thread(target=self._copy, args=words, daemon=True)
            for words in (
                (self._process.stdout, self._printer.take_output, self._printer.end,
                 self._printer.look_ahead),
                (self._process.stderr, self._printer.take_message),
            )
        ]
        for copier in self._copiers:
            copier.start()

    def _copy(
        self, stream: IO[bytes], take: Callable[[bytes], None],
        end: Callable[[], None] = lambda: None,
        look_ahead: Callable[[list[bytes]], None] = lambda lines: None,
    ) -> None:
        for line in Spool(stream).lines(look_ahead):
            if line.rstrip(b"\n") == ATTACHED.encode():
                self._attached.set()
            else:
                take(line)
        end()

    def _write_message(self, text: str) -> None:
        if self._messages is None:
            say(text)
        else:
            self._messages.write(text)

    def show_messages(self) -> None:
        """From now on. What it says of a program that could not start is of no use."""
        messages, self._messages = self._messages, None
        if self._folder is not None:
            # It has read the script, or has ended.
            self._folder.cleanup()
        if messages is not None:
            say(messages.getvalue())

    def is_attached(self) -> bool:
        return self._attached.is_set()

    def could_not_attach(self) -> bool:
        """It has ended, and all that it has said has been read."""
        if not self.has_ended():
            return False
        for copier in self._copiers:
            copier.join()
        return not self.is_attached()

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def has_read_all(self) -> bool:
        """All events so far: it waits for more. True, too, where that cannot be known."""
        try:
            call = pathlib.Path(f"/proc/{self._process.pid}/syscall").read_text()
        except OSError:
            return True
        return call.startswith(tuple(f"{number} " for number in WAITING_FOR_EVENTS))

    def is_copying(self) -> bool:
        return any(copier.is_alive() for copier in self._copiers)

    def end(self) -> None:
        """Have it print its maps and end: nothing is traced any more.

        What happened before that is to be in the trace: it is told once it has read all, or
        where it never has, for so much happens, a second later.
        """
        self._ask(time.monotonic())

    def hurry(self, seconds: float = 0) -> None:
        """The same, while processes go on that have yet to tell what they have counted. Who
        says it a second time does not want to wait for that, nor a third time for the maps.

        @seconds: what may be waited for in any case, until end() or leave_alone().
        """
        now = time.monotonic()
        if self._is_asked and now >= self._told:
            self.kill()
        wait = 0 if self._is_asked else max(self._telling_seconds, seconds)
        self._ask(now + wait)

    def leave_alone(self) -> None:
        """What it was started on has ended, and so does it: that prints its maps, too."""
        self._told = math.inf

    def _ask(self, told: float) -> None:
        """@told: when all has been told that is to be in the trace."""
        if not self._is_asked or told < self._told:
            self._is_asked = True
            self._told = told
            self._patience = told + READ_SECONDS

    def kill(self) -> None:
        if not self.has_ended():
            self._is_killed = True
            self._process.kill()
            self._process.wait()

    def look(self) -> None:
        """To be called again and again, for what end() has begun, for the output's screen and
        for lost output."""
        self._output.look()
        if self._output.is_lost():
            self.kill()
        elif self._is_asked and self._is_due():
            self._interrupt()

    def _is_due(self) -> bool:
        now = time.monotonic()
        return now >= max(self._next_interrupt, self._told) and (
            now >= self._patience or self.has_read_all()
        )

    def _interrupt(self) -> None:
        """End bpftrace as Ctrl-C does.

        0.17 does not notice it where it is not just then waiting for events: it is told
        again, unless it is printing its maps by now, which another signal would keep it
        from. Where it does not wait for events yet, the signal would kill it.
        """
        if not self.has_ended() and catches_interrupts(self._process.pid):
            self._process.send_signal(signal.SIGINT)
            self._next_interrupt = time.monotonic() + RESEND_SECONDS

    def status(self) -> int:
        """Its exit status as a shell has it; where it was this process that stopped it, 1,
        or 0 if nobody wants more of the trace."""
        if self._output.reader_has_gone():
            return 0
        if self._output.error is not None or self._is_killed:
            return 1
        return shell_status(self._process)

    def trouble(self) -> str | None:
        """Once it has ended: why the trace is not whole, or None."""
        if self._output.reader_has_gone():
            return None
        if self._output.error is not None:
            return f"{self._output.name}: {self._output.error.strerror}: the trace ends there"
        if self._is_killed:
            return "bpftrace was stopped before it had printed all: the trace is not whole"
        status = self._process.returncode
        if status < 0:
            return f"bpftrace was ended by {signal_name(-status)}: the trace is not whole"
        if status > 0:
            return f"bpftrace ended with status {status}: the trace is not whole"
        return None


def buffer_pages() -> int:
    """A power of two, as bpftrace wants it."""
    pages = MAX_BUFFER_PAGES
    while pages > 64 and pages * (os.cpu_count() or 1) > MAX_ALL_PAGES:
        pages //= 2
    return pages


def catches_interrupts(pid: int) -> bool:
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = re.search(r"^SigCgt:\t(\w+)", status, re.MULTILINE)
    return bool(caught and int(caught[1], 16) >> (signal.SIGINT - 1) & 1)


def dependent_child() -> Callable[[], None]:
    """What a child process runs that shall not outlive this one, whatever ends it.

    A bpftrace that nobody reads stays attached. The kernel sends the signal when the thread
    ends that has started the child, so this is for the main thread.
    """
    parent = os.getpid()

    def run() -> None:
        take_signals()
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    return run


def take_signals() -> None:
    """Those that this process waits for, and what the shell may have it ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
