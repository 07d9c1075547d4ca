# SPDX-License-Identifier: BSD-2-Clause
"""The traced program as a child process, which starts when its tracer is attached."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable

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

    def __init__(
        self, words: list[str], python: Python, signals: Signals, *pass_fds: int,
        hold: Callable[[], None] = lambda: None,
    ) -> None:
        """@words: of the interpreter. @hold: called in the process before it is that."""
        before = signals.before

        def prepare() -> None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            hold()

        try:
            self._process = subprocess.Popen(
                [python.name, *words], executable=python.path, pass_fds=pass_fds,
                preexec_fn=prepare,
            )
        except OSError as error:
            raise Failure(f"--python {python.name}: {error.strerror}") from None
        self.pid = self._process.pid
        self._is_held = True

    def __enter__(self) -> "HeldProgram":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._is_held:
            self._process.kill()
            self._process.wait()

    def release(self) -> None:
        self._is_held = False
        self._let_go()

    def _let_go(self) -> None:
        raise NotImplementedError

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


class RunnerProgram(HeldProgram):
    """Run by python -m pyusdt, which waits for a byte, and ends where none can come."""

    def __init__(self, words: list[str], python: Python, signals: Signals) -> None:
        hold, release = os.pipe()
        self._release = open(release, "wb", buffering=0)
        # By its path: with -m Python would search the current folder for it.
        runner = os.path.join(os.path.dirname(pyusdt.__file__), "__main__.py")
        try:
            super().__init__([runner, "--wait-fd", str(hold), *words], python, signals, hold)
        finally:
            os.close(hold)

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self._release.close()

    def _let_go(self) -> None:
        with self._release:
            # It may have ended just now.
            with contextlib.suppress(BrokenPipeError):
                self._release.write(b"\n")
