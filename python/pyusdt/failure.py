# SPDX-License-Identifier: BSD-2-Clause
"""How pyusdt-trace ends when it cannot do what it was asked: one line and a status."""

import signal


class Failure(Exception):
    """One line for the user, and the exit status."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


class UsageError(Failure):
    def __init__(self, message):
        super().__init__(f"{message} (see --help)", 2)


class Interrupted(Failure):
    def __init__(self, number, message):
        super().__init__(f"{signal_name(number)}: {message}", 128 + number)


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
