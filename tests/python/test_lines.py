# SPDX-License-Identifier: BSD-2-Clause
"""The lines that run: of the table of locations, and of code in the memory of a process."""

import ctypes
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import textwrap
import unittest
from collections.abc import Iterator
from types import CodeType

from pyusdt.lines import kept, nested
from pyusdt.lines.codeobject import (
    LINE_TABLE, TABLE_MAX, Code, Ended, Unreadable, read_table,
)
from pyusdt.lines.current import CurrentLines
from pyusdt.lines.kept import KeptLines
from pyusdt.lines.locations import Lines
from pyusdt.lines.nested import nested_tables
from pyusdt.lines.places import Places
from pyusdt.rendering import description
from pyusdt.trace.framelines import has_places, with_places

BUILD = pathlib.Path(os.environ["PYUSDT_BUILDDIR"])

ODD = textwrap.dedent("""\
    def generator(x):
        try:
            yield (
                x
                + [n for n
                   in x][0]
            )
        finally:
            x = (lambda: 1,

                 lambda: 2)


    class Made:
        @property

        def f(self): return {1: 2,
                             3: 4}


    """) + "if x:\n" + "\n" * 3000 + "    pass\n" + "y = [\n" + "1,\n" * 300 + "]\n"


PROGRAM = """
def f():
    pass
class A:
    def g(self):
        pass
import sys
print(id(sys._getframe().f_code), id(f.__code__), id(A.g.__code__), flush=True)
input()
"""


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes(const)


def told(code: CodeType) -> Code:
    return Code(id(code), code.co_qualname, code.co_filename, code.co_firstlineno)


class Table(unittest.TestCase):
    def check(self, code: CodeType) -> None:
        lines = Lines(code.co_linetable, code.co_firstlineno)
        positions = [line or 0 for line, *_ in code.co_positions()]
        self.assertEqual([lines.at(2 * at) for at in range(len(positions))], positions)
        self.assertEqual(lines.size, 2 * len(positions))
        for begin, end, line in code.co_lines():
            for offset in range(begin, end, 2):
                self.assertEqual(lines.at(offset), line or 0)
        self.assertEqual((lines.at(-2), lines.at(lines.size)), (0, 0))

    def test_of_the_standard_library(self) -> None:
        folder = pathlib.Path(os.__file__).parent
        count = 0
        for file in [*sorted(folder.glob("*.py"))[::3], folder / "asyncio/base_events.py"]:
            for code in codes(compile(file.read_bytes(), file, "exec")):
                self.check(code)
                count += 1
        self.assertGreater(count, 1000)

    def test_odd_ones(self) -> None:
        for optimize in 0, 2:
            for code in codes(compile(ODD, "odd.py", "exec", optimize=optimize)):
                self.check(code)
        self.check(compile("", "empty.py", "exec"))
        self.check(compile("pass", "x.py", "exec").replace(co_firstlineno=1 << 30))

    def test_any_bytes(self) -> None:
        source = random.Random(7)
        table = compile(ODD, "odd.py", "exec").co_linetable
        for number in range(3000):
            data = bytearray(table) if number % 2 else bytearray(source.randbytes(
                source.randrange(200)))
            for _ in range(source.randrange(8)):
                if data:
                    data[source.randrange(len(data))] = source.randrange(256)
            lines = Lines(bytes(data), source.randrange(-1, 1 << 31))
            for offset in range(-2, lines.size + 4):
                self.assertTrue(0 <= lines.at(offset) < 1 << 31)

    def test_numbers_that_are_too_large(self) -> None:
        for kind in 13, 14:
            entry = bytes([0x80 | kind << 3, *[0x7F] * 1000])
            self.assertEqual(Lines(entry, 5).at(0), 0)
            up = bytes([0x80 | kind << 3, *[0x7E] + [0x7F] * 4 + [0x3F]])
            self.assertEqual(Lines(up * 1000, 5).at(1998), 0)


class Process(unittest.TestCase):
    def read(self, code: CodeType, **changed: object) -> bytes:
        return read_table(os.getpid(), told(code)._replace(**changed))  # type: ignore[arg-type]

    def test_its_own(self) -> None:
        for code in (self.test_its_own.__code__, next(codes(compile(ODD, "x", "exec"))),
                     compile("def ä(): pass", "x", "exec").co_consts[0]):
            self.assertEqual(self.read(code), code.co_linetable)

    def test_names_that_bpftrace_has_cut(self) -> None:
        code = self.read.__code__
        for changed in (
            {"qualname": code.co_qualname[:5]}, {"qualname": code.co_qualname[:5] + ".."},
            {"file": code.co_filename[-5:]},
        ):
            self.assertEqual(self.read(code, **changed), code.co_linetable)

    def test_what_is_not_as_told(self) -> None:
        code = self.read.__code__
        for changed in (
            {"first_line": code.co_firstlineno + 1}, {"qualname": "Process.other"}, {"file": "other.py"},
            {"qualname": code.co_qualname + "x"}, {"address": 0}, {"address": 8},
            {"address": 1 << 60}, {"address": (1 << 64) - 8}, {"address": id(code) + 8},
        ):
            with self.subTest(changed), self.assertRaises(Unreadable) as raised:
                self.read(code, **changed)
            self.assertNotIsInstance(raised.exception, Ended)

    def test_forged(self) -> None:
        """What looks like a code object, with another table."""
        code = self.read.__code__
        copy = ctypes.create_string_buffer(ctypes.string_at(id(code), 200), 200)
        address = ctypes.addressof(copy)
        self.assertEqual(self.read(code, address=address), code.co_linetable)
        huge = ctypes.create_string_buffer(
            ctypes.string_at(id(b""), 16) + (TABLE_MAX + 1).to_bytes(8, "little"), TABLE_MAX + 64
        )
        for table in 0, 1, (1 << 64) - 1, id("text"), ctypes.addressof(huge):
            ctypes.c_uint64.from_buffer(copy, LINE_TABLE).value = table
            with self.subTest(table), self.assertRaises(Unreadable):
                self.read(code, address=address)

    def test_process_that_is_not_there(self) -> None:
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        code = self.read.__code__
        with self.assertRaises(Ended):
            read_table(child, told(code))
        os.waitpid(child, 0)
        with self.assertRaises(Ended):
            read_table(child, told(code))


class Current(unittest.TestCase):
    def setUp(self) -> None:
        self.lines = CurrentLines()
        self.code = told(self.setUp.__func__.__code__)

    def line(self, pid: int, offset: int = 0) -> int:
        return self.lines.line(pid, self.code, offset)

    def ended(self) -> int:
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
        return child

    def test_known(self) -> None:
        self.assertEqual(self.line(os.getpid(), -2), self.code.first_line)
        self.assertEqual(self.line(os.getpid(), 6), self.code.first_line + 1)
        self.assertIsNone(self.lines.told())

    def test_not_known(self) -> None:
        self.assertEqual(self.line(self.ended()), 0)
        self.assertEqual(self.line(os.getpid(), 1 << 20), 0)
        self.line(os.getpid())
        told = self.lines.told()
        assert told is not None
        self.assertRegex(told, r"\A2 of 3 frames have .*: 1 of processes that had ended, "
                               r"1 of code that was gone\Z")

    def test_of_a_child_that_has_ended(self) -> None:
        self.lines.add_process(os.getpid())
        self.assertEqual(self.line(self.ended(), 6), self.code.first_line + 1)

    def test_read_before(self) -> None:
        """Itself, and with the module that it is of."""
        lines = {"<module>": 2, "f": 3, "A.g": 6}
        compiled = {code.co_qualname: code for code in codes(compile(PROGRAM, "", "exec"))}
        # Where in each the line begins differs between versions.
        offsets = {name: next(start for start, _, line in compiled[name].co_lines()
                              if line == lines[name]) for name in lines}
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write(PROGRAM)
            file.flush()
            with subprocess.Popen([sys.executable, file.name], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True) as process:
                assert process.stdin is not None and process.stdout is not None
                module, f, g = map(int, process.stdout.readline().split())
                told = {name: Code(address, name, file.name, line) for address, name, line in (
                    (module, "<module>", 1), (f, "f", 2), (g, "A.g", 5))}

                def line(name: str) -> int:
                    return self.lines.line(process.pid, told[name], offsets[name])

                before = [line(name) for name in ("<module>", "f")]
                process.communicate("\n")
            self.assertEqual(before, [2, 3])
            self.assertEqual({name: line(name) for name in lines}, lines)

    def test_not_what_had_the_same_name(self) -> None:
        for file, line in ("a.py", 3), ("<frozen a>", 3), ("<string>", 0):
            code = compile("\n\nx", file, "exec")
            told = Code(id(code), "<module>", file, 1)
            self.assertEqual(self.lines.line(os.getpid(), told, 4), 3)
            self.assertEqual(self.lines.line(self.ended(), told._replace(address=8), 4), 0)
            copy = CurrentLines()
            copy._kept = self.lines._kept
            self.assertEqual(copy.line(self.ended(), told, 4), line)

    def test_another_one_at_the_address(self) -> None:
        code = compile("\n\nx", "<string>", "exec")
        copy = ctypes.create_string_buffer(ctypes.string_at(id(code), 200), 200)
        self.code = Code(ctypes.addressof(copy), "<module>", "<string>", 1)
        self.assertEqual(self.line(os.getpid(), 4), 3)
        other = compile("\n\n\n\nx", "<string>", "exec")
        ctypes.memmove(copy, id(other), 200)
        self.assertEqual(self.line(os.getpid(), 4), 5)


class Kept(unittest.TestCase):
    def test_has_room_for_so_many(self) -> None:
        found = KeptLines()
        lines = Lines(b"\xf8" * 1000, 1)
        count = 3 * kept.ROOM // (lines.memory() + kept.OVERHEAD)
        for number in range(count):
            found.put(number, lines, 0)
            found.get(0)
        held = [number for number in range(count) if found.get(number)]
        # What is used is not forgotten.
        self.assertEqual(held[0], 0)
        self.assertEqual(held[1:], [*range(held[1], count)])
        self.assertAlmostEqual(len(held), count / 3, delta=2)

    def test_the_same_again(self) -> None:
        found = KeptLines()
        for _ in range(kept.ROOM // kept.OVERHEAD):
            found.put("again", Lines(b"", 1), 100)
        found.put("other", Lines(b"", 1), 100)
        self.assertIsNotNone(found.get("again"))


class Nested(unittest.TestCase):
    def test_reads_no_more_than_that(self) -> None:
        """A program can make them as large as it likes, and others wait meanwhile."""
        code = compile("", "", "exec")
        large = code.replace(co_linetable=bytes(1 << 19))
        module = code.replace(co_consts=tuple(large.replace(co_name=f"f{n}") for n in range(40)))
        found = [*nested_tables(os.getpid(), id(module))]
        self.assertGreater(len(found), 10)
        self.assertLessEqual(len(found), nested.BYTES_MAX // (1 << 19) + 1)


class InKeys(unittest.TestCase):
    """Places."""

    def setUp(self) -> None:
        self.lines = CurrentLines()
        self.places = Places(self.lines)
        self.code = told(self.setUp.__func__.__code__)

    def take(self, units: int, pid: int = os.getpid()) -> str:
        """Returns: as it stands in a key."""
        address, qualname, file, first_line = self.code
        place = address << 16 | units & 0x7FFFF
        self.places.take((f"{place:x}", str(pid), qualname, file, str(first_line)))
        return str(place - (1 << 64) if place >> 63 else place)

    def test_lines_are_left_as_they_are(self) -> None:
        for text in "0", "17", str((1 << 31) - 1), "", "x":
            self.assertEqual(self.places.line(text), text)

    def test_places(self) -> None:
        first = self.code.first_line
        for units, line in (-1, first), (3, first + 1), (0x7FFFE, f"{first}+"):
            place = self.take(units)
            self.assertEqual(self.places.line(place), str(line))

    def test_not_told(self) -> None:
        self.assertEqual(self.places.line(str(0x7F0000001230 << 16)), "?")

    def test_high_addresses(self) -> None:
        """Those of arm64 have 48 bits: the number is a negative one then."""
        self.code = self.code._replace(address=0xFFFFC0001238)
        place = self.take(7)
        self.assertTrue(place.startswith("-"))
        self.assertEqual(self.places.line(place), f"{self.code.first_line}+")

    def test_what_is_none(self) -> None:
        for data in ("x", "1", "f", "f.py", "1"), ("1", "1", "f", "f.py", "x"), ("1",):
            with self.assertRaises(ValueError):
                self.places.take(data)


class Scripts(unittest.TestCase):
    def test_places_where_lines_are_shown(self) -> None:
        for name, by_line, level in (
            ("pysyscall", False, 0), ("pysyscall", True, 2), ("pyopen", False, 1),
            ("pyoffcpu", False, 0), ("pynet", False, 1), ("pynet", True, 2),
        ):
            script = (BUILD / f"bt/{name}.bt").read_text()
            described = description.read(script)
            assert described is not None
            self.assertTrue(has_places(script))
            self.assertIn(f"$places = {level};\n", with_places(script, described, by_line))
        self.assertFalse(has_places((BUILD / "bt/pycalls.bt").read_text()))


if __name__ == "__main__":
    unittest.main()
