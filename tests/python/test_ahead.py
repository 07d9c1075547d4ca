# SPDX-License-Identifier: BSD-2-Clause
"""What tells of new code is found in the lines whose turn has not come yet, and read then."""

import json
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

from pyusdt.bpftrace.records import Text
from pyusdt.lines.current import CurrentLines
from pyusdt.rendering import description
from pyusdt.rendering.marks import Marks
from pyusdt.trace import ahead
from pyusdt.trace.ahead import Ahead
from pyusdt.trace.framelines import FrameLines
from test_records import RECORDINGS, VERSIONS

# It tells its own code object, waits, and ends.
PROGRAM = """\
def f():
    return 1
print(id(f.__code__), flush=True)
input()
"""


def offset_of(line: int) -> int:
    """Where it begins in f, which is not the same in each version."""
    constants = compile(PROGRAM, "", "exec").co_consts
    code = next(constant for constant in constants if isinstance(constant, types.CodeType))
    return next(start for start, _, its in code.co_lines() if its == line)


def printed(text: str) -> bytes:
    return json.dumps({"type": "printf", "data": text}).encode() + b"\n"


def frame(*, key: int = 1, depth: int = 0, name: str = "f", offset: int = 4, pid: int = 7,
          code: int = 0x7F00) -> bytes:
    return printed(f"STACK\t{key:x}\t{depth}\t{name}\t/f.py\t1\t{offset}\t{pid}\t0x{code:x}\n")


class Found(unittest.TestCase):
    def taken(self, *lines: bytes) -> list[int]:
        """Returns: which of them."""
        found: list[bytes] = []
        Ahead(found.append).look(lines)
        return [lines.index(line) for line in found]

    def test_each_code_once(self) -> None:
        self.assertEqual(self.taken(
            frame(), frame(key=2), frame(depth=3), frame(offset=8), frame(name="g"),
            frame(pid=8), frame(code=0x7F10), frame(),
        ), [0, 4, 5, 6])

    def test_places(self) -> None:
        place = printed("PLACE\t7f0000000004\t7\tf\t/f.py\t1\n")
        self.assertEqual(self.taken(place, place, printed("PLACE\t5\t7\tf\t/f.py\t1\n")), [0, 2])

    def test_what_tells_of_none(self) -> None:
        self.assertEqual(self.taken(
            b"", b"\n", b"STACK\\t", printed("STACK\t1\n"), printed("a STACK"),
            frame(name="a\tname"), printed("x" * 100 + '"STACK\t1\t0\tf\tf\t1\t2\t3\t0x4\n'),
            b'{"type": "map", "data": {"@a": {"\\"STACK\\t": 1}}}\n',
        ), [])

    def test_as_each_version_writes_it(self) -> None:
        """With marks, and names of all kinds; what they tell of the code is put behind that."""
        for version in VERSIONS:
            recorded = (RECORDINGS / f"{version}.shown").read_bytes().splitlines(keepends=True)
            lines = [line.replace(rb'\n"}', rb'\t7\t0x7f00\n"}') for line in recorded]
            stacks = [line for line in lines if line.count(rb"\t") == 8]
            found: list[bytes] = []
            Ahead(found.append).look(lines)
            with self.subTest(version):
                self.assertGreater(len(stacks), 10)
                self.assertEqual(found, stacks)

    def test_keeps_so_many(self) -> None:
        with mock.patch.object(ahead, "SEEN_MAX", 3):
            lines = [frame(code=code) for code in (1, 2, 3, 1, 4, 1, 4)]
            self.assertEqual(len(self.taken(*lines)), 5)


class Read(unittest.TestCase):
    MARK = 3141592653589793238

    def setUp(self) -> None:
        described = description.read("/*\n * LINES: x\n */\n")
        assert described is not None
        self.marks = Marks(described, self.MARK)
        file = tempfile.NamedTemporaryFile("w", suffix=".py")
        self.addCleanup(file.close)
        file.write(PROGRAM)
        file.flush()
        self.file = file.name

    def frames(self, marks: Marks | None, fields: str) -> tuple[Text, FrameLines, FrameLines]:
        """@fields: with place for what is told, as Python formats it.

        Returns: that, and lines that have read it ahead of the end of the process, and others.
        """
        ahead, late = (FrameLines(CurrentLines(), marks, True) for _ in range(2))
        with subprocess.Popen([sys.executable, self.file], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            code = int(process.stdout.readline())
            told = Text("printf", fields.format(
                m=self.MARK, pid=process.pid, code=code, offset=offset_of(2),
                place=code << 16 | offset_of(2) // 2, file=self.file))
            ahead.read_ahead(told)
            process.communicate("\n")
        return told, ahead, late

    def test_stacks(self) -> None:
        told, ahead, late = self.frames(
            None, "STACK\t1\t0\tf\t{file}\t1\t{offset}\t{pid}\t0x{code:x}\n")
        for frames, line in (ahead, 2), (late, 0):
            taken = frames.take(told)
            assert taken is not None
            self.assertEqual(taken.text, f"{told.text.rstrip()}\t{line}\n")

    def test_places(self) -> None:
        told, ahead, late = self.frames(
            self.marks, "PLACE\t{m}{place:x}{m}\t{m}{pid}{m}\t{m}f{m}\t{m}{file}{m}\t{m}1{m}\n")
        place = str(int(self.marks.line(told.text).data[0], 16))
        for frames, line in (ahead, "2"), (late, "1+"):
            self.assertIsNone(frames.take(told))
            self.assertEqual(frames.places.line(place), line)

    def test_what_is_told_otherwise(self) -> None:
        lines = CurrentLines()
        for text in "STACK\t1\n", "PLACE\tx\n", "STACK", "", "Process 1: CPython 3.12.0\n":
            for marks in None, self.marks:
                FrameLines(lines, marks, True).read_ahead(Text("printf", text))
        self.assertIsNone(lines.told())


if __name__ == "__main__":
    unittest.main()
