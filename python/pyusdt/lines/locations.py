# SPDX-License-Identifier: BSD-2-Clause
"""CPython's table of where its instructions come from, co_linetable.

Entry after entry: a byte with its highest bit set, which no other byte has, says what kind of
entry it is and how many code units it is about; depending on the kind, what follows begins
with the difference of the line to that of the entry before. Columns come after that, and are
passed over. The same in CPython 3.12 to 3.15, see InternalDocs/code_objects.md there.

The table is read from a process that may have anything in its place: any bytes are taken.
"""

import array
import bisect
import re

UNIT = 2  # bytes

ENTRY = re.compile(rb"[\x80-\xff][\x00-\x7f]*")
NO_LINE = 15
# Of those with a difference of any size it is a number in pieces of 6 bits, the lowest first.
WITH_NUMBER = (13, 14)
# These are so many lines further.
FURTHER = {11: 1, 12: 2}

# What CPython has lines in: no sum is ever larger than that of so many differences.
MAX_PIECES = 6
MAX_LINE = (1 << 31) - 1


class Lines:
    """By the offset of an instruction, in bytes, the line."""

    def __init__(self, table: bytes, first_line: int) -> None:
        self._starts = array.array("I")
        self._lines = array.array("i")
        self.size = 0  # of the instructions that the table is about
        line = first_line
        for match in ENTRY.finditer(table):
            entry = match[0]
            kind = entry[0] >> 3 & 15
            line += difference(kind, entry)
            is_line = kind != NO_LINE and 0 < line <= MAX_LINE
            self._starts.append(self.size)
            self._lines.append(line if is_line else 0)
            self.size += ((entry[0] & 7) + 1) * UNIT

    def memory(self) -> int:
        """How many bytes it takes."""
        return len(self._starts) * (self._starts.itemsize + self._lines.itemsize)

    def at(self, offset: int) -> int:
        """0: there is none."""
        if not 0 <= offset < self.size:
            return 0
        return self._lines[bisect.bisect_right(self._starts, offset) - 1]


def difference(kind: int, entry: bytes) -> int:
    if kind in WITH_NUMBER:
        return signed_number(entry)
    return FURTHER.get(kind, 0)


def signed_number(entry: bytes) -> int:
    """Its lowest bit is the sign."""
    number = 0
    for at, piece in enumerate(entry[1:1 + MAX_PIECES]):
        number |= (piece & 63) << 6 * at
        if not piece & 64:
            break
    return -(number >> 1) if number & 1 else number >> 1
