# SPDX-License-Identifier: BSD-2-Clause
"""Reads the table of the lines of a code object out of the memory of its process.

Nothing that is there is believed: what is to be a code object may be anything by now, or have
been made to look like one. So types are compared by name, sizes have limits, and the name and
the first line must be those that BPF has told. All that comes of it are numbers of lines.
"""

import os
import struct
from typing import NamedTuple

# Of objects, the same in CPython 3.12 to 3.15 on 64-bit Linux.
TYPE = 8
SIZE = 16
TYPE_NAME = 24
FIRST_LINE = 68
FILE = 112
QUALNAME = 128
LINE_TABLE = 136
CODE_SIZE = 144
STR_STATE = 32
ASCII_TEXT = 40
BYTES = 32

COMPACT_ASCII = 0x60
# One for a quarter of a million instructions is as large.
TABLE_MAX = 1 << 20
TEXT_MAX = 1 << 16
# What bpftrace, since 0.21, ends with what it has cut.
TRAILER = ".."
ADDRESS_MAX = 1 << 56


class Unreadable(Exception):
    """There is no such code object."""


class Ended(Unreadable):
    """There is no such process, or it has no memory any more."""


class Memory:
    """Of a process, as long as that has it."""

    def __init__(self, pid: int) -> None:
        """Raises Ended, or Unreadable."""
        self.taken = 0  # bytes
        try:
            self._file = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, ProcessLookupError) as error:
            raise Ended from error
        except OSError as error:
            raise Unreadable from error

    def __enter__(self) -> "Memory":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def read(self, address: int, size: int) -> bytes:
        """Raises Ended, or Unreadable."""
        if not 0 < address < ADDRESS_MAX:
            raise Unreadable
        try:
            found = os.pread(self._file, size, address)
        except OSError as error:
            raise Unreadable from error
        if len(found) != size:
            # Where there is nothing in its memory, there is an error.
            raise Unreadable if found else Ended
        self.taken += size
        return found

    def word(self, address: int) -> int:
        return word_in(self.read(address, 8), 0)

    def is_a(self, kind: bytes, type_address: int) -> bool:
        name = self.word(type_address + TYPE_NAME)
        return self.read(name, len(kind) + 1) == kind + b"\0"


class Code(NamedTuple):
    """As BPF tells it: of a long name the beginning, of a path the end. What is not ASCII may
    be missing."""

    address: int
    qualname: str
    file: str
    first_line: int


def read_table(pid: int, told: Code) -> bytes:
    """Raises Ended, or Unreadable."""
    with Memory(pid) as memory:
        code = memory.read(told.address, CODE_SIZE)
        if (
            not memory.is_a(b"code", word_in(code, TYPE))
            or not is_as_told(read_code(memory, told.address, code), told)
        ):
            raise Unreadable
        return line_table(memory, code)


def is_as_told(found: Code, told: Code) -> bool:
    name, file = found.qualname, found.file
    return (
        found.first_line == told.first_line
        and (not name or name.startswith(told.qualname.removesuffix(TRAILER)))
        and (not file or file.endswith(told.file))
    )


def read_code(memory: Memory, address: int, code: bytes) -> Code:
    """What is not ASCII is left out. Raises Ended, or Unreadable."""
    line: int = struct.unpack_from("i", code, FIRST_LINE)[0]
    name, file = (ascii_text(memory, word_in(code, at)) for at in (QUALNAME, FILE))
    return Code(address, name, file, line)


def ascii_text(memory: Memory, address: int) -> str:
    """Of a str; "" where it is not ASCII. Raises Ended, or Unreadable."""
    head = memory.read(address, ASCII_TEXT)
    size = word_in(head, SIZE)
    if head[STR_STATE] & COMPACT_ASCII != COMPACT_ASCII or size == 0:
        return ""
    if size > TEXT_MAX:
        raise Unreadable
    return memory.read(address + ASCII_TEXT, size).decode("latin-1")


def line_table(memory: Memory, code: bytes) -> bytes:
    """Raises Ended, or Unreadable."""
    address = word_in(code, LINE_TABLE)
    head = memory.read(address, BYTES)
    size = word_in(head, SIZE)
    if size > TABLE_MAX or not memory.is_a(b"bytes", word_in(head, TYPE)):
        raise Unreadable
    return memory.read(address + BYTES, size)


def word_in(data: bytes, offset: int) -> int:
    word: int = struct.unpack_from("Q", data, offset)[0]
    return word
