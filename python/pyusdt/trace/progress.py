# SPDX-License-Identifier: BSD-2-Clause
"""What takes long says so, to a person: one line on the terminal, gone when it is done."""

import contextlib
import os
import sys
import threading
import time

from pyusdt.failure import say

PATIENCE_SECONDS = 1
CLEAR_LINE = "\r\x1b[K"


# Whatever else is written to a terminal begins a line.
shown = threading.Event()


def clear() -> None:
    if shown.is_set():
        shown.clear()
        say(CLEAR_LINE)


class Progress:
    """*look* is to be called again and again meanwhile."""

    def __init__(self, prog: str, what: str) -> None:
        self._text = f"{prog}: {what}"
        self._begin = time.monotonic()
        self._seconds = 0
        self._is_wanted = is_terminal()

    def __enter__(self) -> "Progress":
        return self

    def look(self) -> None:
        """Not again within a second, so that what has been written meanwhile stands alone."""
        seconds = int(time.monotonic() - self._begin)
        if self._is_wanted and seconds >= PATIENCE_SECONDS and seconds != self._seconds:
            self._seconds = seconds
            clear()
            shown.set()
            say(f"{self._text}, {seconds} s ")

    def __exit__(self, *exception: object) -> None:
        clear()


def is_terminal() -> bool:
    with contextlib.suppress(OSError, AttributeError, ValueError):
        return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return False
