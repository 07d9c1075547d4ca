# SPDX-License-Identifier: BSD-2-Clause
"""What the traced processes are called, as the kernel has it: of those that have ended, what was
seen while they ran. A name can be anything, and is shown escaped."""

import contextlib
import os
import pathlib
import time
from typing import TypeVar

MOST = 32768
POLL_SECONDS = 0.2
# To look costs as much as there are processes: no more than a fiftieth of the time.
POLL_SHARE = 50
FRESH_SECONDS = 1

Thread = tuple[str, str]
Value = TypeVar("Value")


class Names:
    def __init__(self) -> None:
        self._names: dict[Thread, str] = {}
        self._fresh: dict[Thread, float] = {}
        self._next = 0.0

    def look(self) -> None:
        """To be called again and again: a process may be gone when it is shown."""
        now = time.monotonic()
        if now >= self._next:
            for pid in os.listdir("/proc"):
                if pid.isdecimal() and (pid, pid) not in self._names:
                    self._read((pid, pid))
            end = time.monotonic()
            self._next = end + max(POLL_SECONDS, POLL_SHARE * (end - now))

    def command(self, pid: str) -> str:
        return self.thread_name(pid, pid)

    def thread_name(self, pid: str, tid: str) -> str:
        """Empty where it is not known."""
        thread = pid, tid
        now = time.monotonic()
        if now >= self._fresh.get(thread, 0.0):
            self._read(thread)
            bounded(self._fresh)[thread] = now + FRESH_SECONDS
        return self._names.get(thread, "")

    def _read(self, thread: Thread) -> None:
        pid, tid = thread
        with contextlib.suppress(OSError):
            name = pathlib.Path(f"/proc/{pid}/task/{tid}/comm").read_text(
                errors="surrogateescape"
            )
            bounded(self._names)[thread] = name.removesuffix("\n")


def bounded(names: dict[Thread, Value]) -> dict[Thread, Value]:
    """With room for another one: the oldest gives way."""
    while len(names) >= MOST:
        del names[next(iter(names))]
    return names
