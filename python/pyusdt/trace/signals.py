# SPDX-License-Identifier: BSD-2-Clause
"""The signals that end a trace, and what a shell says of a process that one has ended."""

import signal
import subprocess


class Signals:
    """Those that end a trace are waited for, not handled: each is seen once, in order.

    The end of a child process is waited for with them, so that it is noticed at once.
    """

    def __init__(self) -> None:
        # What the shell has this process ignore, as with nohup, stays ignored.
        self._ending = {
            number
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if signal.getsignal(number) != signal.SIG_IGN
        }
        self._all: set[int] = {*self._ending, signal.SIGCHLD}
        self._kept: signal.struct_siginfo | None = None
        self.before = signal.pthread_sigmask(signal.SIG_BLOCK, self._all)

    def wait(self, seconds: float) -> signal.struct_siginfo | None:
        """The next of those that end a trace, within that time, or None."""
        if self._kept is not None:
            kept, self._kept = self._kept, None
            return kept
        received = signal.sigtimedwait(self._all, seconds)
        if received is None or received.si_signo not in self._ending:
            return None
        return received

    def keep(self, received: signal.struct_siginfo | None) -> None:
        """For the next who waits."""
        self._kept = received


def shell_status(process: subprocess.Popen[bytes]) -> int:
    status = process.wait()
    return status if status >= 0 else 128 - status
