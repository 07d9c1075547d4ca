# SPDX-License-Identifier: BSD-2-Clause
"""Lines that stand in the keys of maps, or in what a script prints of an event: there BPF has one
number for a code object and an instruction in it, a place, bt/place.bth."""

from pyusdt.lines.codeobject import Code
from pyusdt.lines.current import CurrentLines, Frame

MARK = "PLACE\t"
# After the mark: place, process, function, file, first line.
FIELDS = 5

NUMBER = (1 << 64) - 1
ADDRESS_SHIFT = 16
ADDRESS_BITS = 3  # that are 0
UNITS = (1 << ADDRESS_SHIFT + ADDRESS_BITS) - 1
# Lines are less than that, and places are not.
LEAST = 1 << 32

# After a first line, for the one that runs; and where there is not even that.
FIRST_LINE = "+"
UNKNOWN = "?"


class Places:
    def __init__(self, lines: CurrentLines) -> None:
        self._lines = lines
        self._known: dict[int, str] = {}

    def take(self, data: tuple[str, ...]) -> None:
        """What a script has told of one. Raises ValueError where it is none."""
        frame = frame_of(data)
        line = self._lines.line(*frame)
        self._known[int(data[0], 16)] = \
            str(line) if line else f"{frame.code.first_line}{FIRST_LINE}"

    def line(self, text: str) -> str:
        """Of a line or a place."""
        try:
            number = int(text) & NUMBER
        except ValueError:
            return text
        return text if number < LEAST else self._known.get(number, UNKNOWN)


def frame_of(data: tuple[str, ...]) -> Frame:
    """Raises ValueError where it is none."""
    place, pid, qualname, file, first_line = data
    number = int(place, 16)
    address = number >> ADDRESS_SHIFT & ~((1 << ADDRESS_BITS) - 1)
    return Frame(int(pid), Code(address, qualname, file, int(first_line)), offset(number))


def offset(place: int) -> int:
    """In bytes; before the first instruction it is -2."""
    units = place & UNITS
    return -2 if units == UNITS else 2 * units
