# SPDX-License-Identifier: BSD-2-Clause
"""A stream that is read as fast as it is written.

While bpftrace cannot write it does not read its events, of which the kernel keeps a few only; and
told to end, it forgets those that it has not read. What becomes of its lines takes longer.
"""

import io
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import IO

CHUNK_SIZE = 1 << 20
# How much is kept before the writer has to wait.
MOST = 64 << 20


class Spool:
    def __init__(self, stream: IO[bytes]) -> None:
        assert isinstance(stream, io.BufferedReader)
        self._stream = stream
        self._data = bytearray()
        self._has_ended = False
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while chunk := self._stream.read1(CHUNK_SIZE):
            with self._changed:
                self._changed.wait_for(lambda: len(self._data) < MOST)
                self._data += chunk
                self._changed.notify()
        with self._changed:
            self._has_ended = True
            self._changed.notify()

    def _take(self) -> bytes:
        """All that there is; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._data or self._has_ended)
            data = bytes(self._data)
            self._data.clear()
            self._changed.notify()
        return data

    def lines(
        self, look_ahead: Callable[[list[bytes]], None] = lambda lines: None
    ) -> Iterator[bytes]:
        """As by iteration over the stream itself. @look_ahead: is called with lines as soon as
        they are there, before any of them has its turn."""
        pending: deque[bytes] = deque()
        size, rest = 0, b""
        while True:
            if not pending or (self._data and size < MOST):
                data = self._take()
                if not data:
                    break
                *parts, rest = (rest + data).split(b"\n")
                lines = [part + b"\n" for part in parts]
                look_ahead(lines)
                pending += lines
                size += sum(map(len, lines))
            if pending:
                line = pending.popleft()
                size -= len(line)
                yield line
        if rest:
            yield rest
