# SPDX-License-Identifier: BSD-2-Clause
"""Who writes into a spool goes on, though nobody takes its lines yet."""

import os
import threading
import unittest

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
            spool = Spool(stream)
            # Forty pipes full of them.
            for _ in range(2600):
                os.write(target, line)
            os.close(target)
            self.assertEqual([*spool.lines()], [line] * 2600)


if __name__ == "__main__":
    unittest.main()
