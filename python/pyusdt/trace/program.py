# SPDX-License-Identifier: BSD-2-Clause
"""The traced program as a child process, which starts when its tracer is attached."""

import contextlib
import os
import signal
import subprocess

import pyusdt
from pyusdt.failure import Failure
from pyusdt.trace.executables import Python
from pyusdt.trace.signals import Signals, shell_status


class EndedEarly(Exception):
    """The program has ended before its first line, and has said why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class HeldProgram:
    """A program that stands before its first line, and is not run unless it is released."""

    def __init__(self, words: list[str], python: Python, signals: Signals) -> None:
        hold, release = os.pipe()
        self._release = open(release, "wb", buffering=0)
        before = signals.before
        # By its path: with -m Python would search the current folder for it.
        runner = os.path.join(os.path.dirname(pyusdt.__file__), "__main__.py")
        try:
            self._process = subprocess.Popen(
                [python.name, runner, "--wait-fd", str(hold), *words],
                executable=python.path,
                pass_fds=[hold],
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),
            )
        except OSError as error:
            raise Failure(f"--python {python.name}: {error.strerror}") from None
        finally:
            os.close(hold)
        self.pid = self._process.pid

    def __enter__(self) -> "HeldProgram":
        return self

    def __exit__(self, *exception: object) -> None:
        if not self._release.closed:
            self._process.kill()
            self._process.wait()
            self._release.close()

    def release(self) -> None:
        with self._release:
            # It may have ended just now.
            with contextlib.suppress(BrokenPipeError):
                self._release.write(b"\n")

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def must_not_have_ended(self) -> None:
        if self.has_ended():
            raise EndedEarly(self.status())

    def wait(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def status(self) -> int:
        return shell_status(self._process)

    def pass_on(self, received: signal.struct_siginfo) -> None:
        """What a process has sent to this one only is for the program too.

        What the terminal sends, as for Ctrl-C, the program gets itself. A process that has
        sent it to all of the group, as timeout(1), cannot be told from one that has not:
        twice is what timeout itself does.
        """
        if received.si_code <= 0:
            self._process.send_signal(received.si_signo)
