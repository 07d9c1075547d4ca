# SPDX-License-Identifier: BSD-2-Clause
"""--load: pyusdt-attach has a running process load the library, for one trace.

Whatever ends the trace, but for SIGKILL, the events are disarmed again.
"""

import contextlib
import subprocess
from collections.abc import Iterator

from pyusdt.failure import Failure, Interrupted, complain
from pyusdt.trace.options import PROG
from pyusdt.trace.signals import Signals
from pyusdt.trace.target import IN_SCRIPT, Process
from pyusdt.trace.tracer import take_signals

# What it begins its lines with, on standard error.
PREFIX = "pyusdt-attach: "
POLL_SECONDS = 0.05


class Loaded:
    """The library in a process that has no events armed, from load() on until disarm()."""

    def __init__(self, command: str, script: str, process: Process) -> None:
        self._command = command
        self._libraries = IN_SCRIPT.findall(script)
        self._process = process
        self._may_be_armed = False

    def load(self, signals: Signals) -> None:
        # So armed by someone else, who disarms them.
        if self._process.is_armed():
            return
        words = ["--library", self._libraries[0]] if self._libraries else []
        self._may_be_armed = True
        attacher = self._start(words)
        # Told to end it takes its request back.
        while attacher.poll() is None:
            received = signals.wait(POLL_SECONDS)
            if received:
                attacher.terminate()
                attacher.wait()
                raise Interrupted(received.si_signo, "stopped before the library was loaded")
        line, failed = told_by(attacher)
        if failed:
            raise Failure(line)
        complain(PROG, line)

    def disarm(self) -> None:
        if not self._may_be_armed:
            return
        self._may_be_armed = False
        attacher = self._start(["--disarm", "--quiet"])
        line, failed = told_by(attacher)
        # Nothing is left to be disarmed where it has ended, or load() has failed.
        if failed and self._process.is_armed():
            complain(PROG, f"events stay armed: {line}")

    def _start(self, words: list[str]) -> subprocess.Popen[str]:
        """Not in this one's group: a Ctrl-C is for this one, which ends it."""
        try:
            return subprocess.Popen(
                [self._command, *words, str(self._process.pid)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, errors="replace", process_group=0, preexec_fn=take_signals,
            )
        except OSError as error:
            raise Failure(f"{self._command}: {error.strerror}") from None


def told_by(attacher: subprocess.Popen[str]) -> tuple[str, bool]:
    """Its line, and whether it has failed."""
    output, errors = attacher.communicate()
    line = (output or errors).strip().removeprefix(PREFIX)
    return line or "pyusdt-attach failed", attacher.returncode != 0


@contextlib.contextmanager
def loaded(command: str, script: str, process: Process, signals: Signals) -> Iterator[Loaded]:
    library = Loaded(command, script, process)
    try:
        library.load(signals)
        yield library
    finally:
        library.disarm()
