# SPDX-License-Identifier: BSD-2-Clause
"""Of what bpftrace has printed, and whose turn has not come yet, the lines that tell of code that
none has told of before.

To show what a line tells takes ten times as long as to see that the code in it is known. A
process may end, or free the code, before a line has its turn: a short program prints thousands
within some milliseconds, most of them of the same functions.
"""

from collections.abc import Callable, Iterable

from pyusdt.bpftrace import stackline
from pyusdt.lines import places

# Where a printf() begins in the JSON of all versions, and what it is of.
BEGIN_SIZE = 40
STACK, PLACE = (b'"' + mark.encode().replace(b"\t", rb"\t")
                for mark in (stackline.MARK, places.MARK))
TAB = rb"\t"
# Key, depth and offset of a frame differ where the code is the same.
CODE = (3, 4, 5, 7, 8)

# A program may have any number: then some are new once more.
SEEN_MAX = 1 << 16


class Ahead:
    """*look* is called with all lines, *take* with those that tell of new code."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._seen: set[bytes] = set()

    def look(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            code = code_in(line)
            if code is not None and code not in self._seen:
                if len(self._seen) >= SEEN_MAX:
                    self._seen.clear()
                self._seen.add(code)
                self._take(line)


def code_in(line: bytes) -> bytes | None:
    """What is the same in all lines of the same code. None: it tells of none, or of a name with a
    tab in it, which can wait."""
    begin = line[:BEGIN_SIZE]
    if STACK in begin:
        fields = line.split(TAB)
        if len(fields) == 1 + stackline.FIELDS:
            return TAB.join(fields[at] for at in CODE)
    elif PLACE in begin:
        # Each is told of once.
        return line
    return None
