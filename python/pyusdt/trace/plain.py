# SPDX-License-Identifier: BSD-2-Clause
"""A program as python3 itself runs it, held before the interpreter's first instruction.

The kernel stops it there for its parent, ptrace(2). By then it is what it is to be, as other
processes see it; and as soon as it is let go nothing is left of that.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable

from pyusdt.trace.executables import Python
from pyusdt.trace.program import HeldProgram
from pyusdt.trace.signals import Signals

ptrace: Callable[..., int] | None = None
# Not in an interpreter that is built without libffi.
with contextlib.suppress(ImportError):
    from ctypes import CDLL

    ptrace = CDLL(None).ptrace

TRACEME = 0
DETACH = 17
SETOPTIONS = 0x4200
EXITKILL = 1 << 20


class PlainProgram(HeldProgram):
    """Made by the main thread, and let go by it."""

    def __init__(self, words: list[str], python: Python, signals: Signals) -> None:
        super().__init__(words, python, signals, hold=be_stopped)
        # Until it has been waited for, the end of this process would end it, by SIGTRAP; and
        # from then on because of this option.
        stop = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        ask(SETOPTIONS, self.pid, EXITKILL)
        if stop is not None and stop.si_code == os.CLD_TRAPPED:
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG)

    def _let_go(self) -> None:
        # It may have ended just now.
        ask(DETACH, self.pid)


def be_stopped() -> None:
    """At the next execve(2)."""
    if not ask(TRACEME, 0):
        raise OSError


def ask(request: int, pid: int, data: int = 0) -> bool:
    assert ptrace is not None
    return ptrace(request, pid, None, data) == 0


def hold_plain(words: list[str], python: Python, signals: Signals) -> PlainProgram | None:
    """None where it cannot be held so, as when this process itself is traced by another."""
    if ptrace is None or signal.SIGTRAP in signals.before:
        return None
    try:
        return PlainProgram(words, python, signals)
    except subprocess.SubprocessError:
        return None
