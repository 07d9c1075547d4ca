# SPDX-License-Identifier: BSD-2-Clause
"""How a command ends: with what it was asked for, or with one line that says why not."""

import contextlib
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from pyusdt.bpftrace.escaping import escape
from pyusdt.files import drop_standard_output


class Failure(Exception):
    """One line for the user, and the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class UsageError(Failure):
    def __init__(self, message: str) -> None:
        super().__init__(f"{message} (see --help)", 2)


class Interrupted(Failure):
    def __init__(self, number: int, message: str) -> None:
        super().__init__(f"{signal_name(number)}: {message}", 128 + number)


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def end(command: str, work: Callable[[], int]) -> NoReturn:
    """End with the status that the work of a command comes to."""
    try:
        status = work()
        # Closed by whoever has started it, it is None.
        with contextlib.suppress(AttributeError):
            sys.stdout.flush()
    except Failure as failure:
        complain(command, str(failure))
        status = failure.status
    except BrokenPipeError:
        # The reader, such as head, has all it wants.
        drop_standard_output()
        status = 0
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


def complain(command: str, message: str) -> None:
    """In one line, whatever the message has of the traced program."""
    say(f"{command}: {escape(message)}\n")


def say(text: str) -> None:
    """To standard error, which may be closed or without a reader."""
    with contextlib.suppress(OSError, AttributeError):
        sys.stderr.write(text)
        sys.stderr.flush()
