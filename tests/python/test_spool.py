# SPDX-License-Identifier: BSD-2-Clause
"""Who writes into a spool goes on, though nobody takes its lines yet."""

import os
import threading
import time
import unittest
from collections.abc import Callable
from unittest import mock

from pyusdt.trace import spool
from pyusdt.trace.spool import CHUNK_SIZE, Spool


class Lines(unittest.TestCase):
    def lines_of(self, data: bytes) -> list[bytes]:
        source, target = os.pipe()

        def write() -> None:
            with open(target, "wb") as file:
                file.write(data)

        writer = threading.Thread(target=write)
        with open(source, "rb") as stream:
            writer.start()
            found = [*Spool(stream).lines()]
            writer.join()
        return found

    def test_lines(self) -> None:
        for data in (b"", b"\n", b"a\nb\n", b"a\n\nb", b"x" * CHUNK_SIZE * 3 + b"\ny\n"):
            self.assertEqual(self.lines_of(data), data.splitlines(keepends=True))

    def test_writer_need_not_wait(self) -> None:
        source, target = os.pipe()
        line = b"x" * 999 + b"\n"
        with open(source, "rb") as stream:
            read = Spool(stream)
            # Forty pipes full of them.
            for _ in range(2600):
                os.write(target, line)
            os.close(target)
            self.assertEqual([*read.lines()], [line] * 2600)

    def test_looks_ahead(self) -> None:
        """Also at what comes while those before it have their turns."""
        source, target = os.pipe()
        seen: list[bytes] = []
        with open(source, "rb") as stream:
            os.write(target, b"a\nb\nc")
            read = Spool(stream)
            lines = read.lines(seen.extend)
            self.assertEqual((next(lines), seen), (b"a\n", [b"a\n", b"b\n"]))
            os.write(target, b"d\ne\n")
            os.close(target)
            wait_until(lambda: read._has_ended)
            self.assertEqual((next(lines), seen), (b"b\n", [b"a\n", b"b\n", b"cd\n", b"e\n"]))
            self.assertEqual([*lines], [b"cd\n", b"e\n"])

    def test_keeps_no_more_than_that(self) -> None:
        """Beside those of which one has its turn."""
        source, target = os.pipe()
        size, seen = 0, 0

        def look(lines: list[bytes]) -> None:
            nonlocal seen
            seen += sum(map(len, lines))

        with mock.patch.object(spool, "MOST", 10), open(source, "rb") as stream:
            os.write(target, b"x\n" * 10)
            read = Spool(stream)
            for line in read.lines(look):
                size += len(line)
                if size == 2:
                    os.write(target, b"y\n" * 100)
                    os.close(target)
                    wait_until(lambda: read._has_ended)
                if size < 10:
                    self.assertEqual(seen, 20)
            self.assertEqual((size, seen), (220, 220))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


if __name__ == "__main__":
    unittest.main()
