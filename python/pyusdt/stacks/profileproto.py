# SPDX-License-Identifier: BSD-2-Clause
"""The file that pprof reads: https://github.com/google/pprof/blob/main/proto/profile.proto

The constants are that file's numbers of fields. A program that makes a profile of itself
imports this, so it imports little.
"""

import time
import zlib

from pyusdt.stacks.protobuf import integer, integers, message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Function = tuple[str, str, int]  # name, file, first line

PROFILE_SAMPLE_TYPE, PROFILE_SAMPLE = 1, 2
PROFILE_LOCATION, PROFILE_FUNCTION, PROFILE_STRING = 4, 5, 6
PROFILE_TIME, PROFILE_COMMENT, PROFILE_DEFAULT_TYPE = 9, 13, 14
VALUE_TYPE, VALUE_UNIT = 1, 2
SAMPLE_LOCATIONS, SAMPLE_VALUES = 1, 2
LOCATION_ID, LOCATION_LINE = 1, 4
LINE_FUNCTION, LINE_LINE = 1, 2
# Functions have no system_name, 3: where it is that of 2, pprof takes both for C++, and what is in
# angle brackets for parameters of a template. Nothing is left then of "<module>".
FUNCTION_ID, FUNCTION_NAME, FUNCTION_FILE, FUNCTION_LINE = 1, 2, 4, 5

GZIP = 16 + zlib.MAX_WBITS


class ProfileWriter:
    """Takes samples one by one. Texts are escaped by who gives them."""

    def __init__(self, title: str, types: "Iterable[tuple[str, str]]", default: str) -> None:
        """*types*: kind and unit of the numbers that each sample has; *default*: the kind
        that pprof shows when it is not told which.
        """
        # Other parts have the numbers of strings. The first is the empty one.
        self._strings = {"": 0}
        self._functions: dict[Function, int] = {}
        self._locations: dict[tuple[int, int], int] = {}
        self._parts: list[bytes] = [
            message(PROFILE_SAMPLE_TYPE, integer(VALUE_TYPE, self._string(kind))
                    + integer(VALUE_UNIT, self._string(unit)))
            for kind, unit in types
        ]
        self._title = title
        self._default = default

    def location(self, function: "Function", line: int) -> int:
        """Where in a function something was. Returns: its number, for sample()."""
        if function not in self._functions:
            self._functions[function] = len(self._functions) + 1
            self._parts.append(message(PROFILE_FUNCTION, self._function(function)))
        place = self._functions[function], line
        if place not in self._locations:
            self._locations[place] = len(self._locations) + 1
            self._parts.append(message(PROFILE_LOCATION, self._location(place)))
        return self._locations[place]

    def sample(self, locations: "Iterable[int]", values: "Sequence[int]") -> None:
        """*locations*: the innermost first."""
        self._parts.append(message(
            PROFILE_SAMPLE,
            integers(SAMPLE_LOCATIONS, locations) + integers(SAMPLE_VALUES, values),
        ))

    def content(self) -> bytes:
        compressor = zlib.compressobj(wbits=GZIP)
        return compressor.compress(self.profile()) + compressor.flush()

    def profile(self) -> bytes:
        """As it is before it is compressed."""
        end = [
            integer(PROFILE_TIME, time.time_ns()),
            integer(PROFILE_COMMENT, self._string(self._title)),
            integer(PROFILE_DEFAULT_TYPE, self._string(self._default)),
        ]
        strings = [
            message(PROFILE_STRING, text.encode("utf-8", errors="replace"))
            for text in self._strings
        ]
        return b"".join([*self._parts, *end, *strings])

    def _string(self, text: str) -> int:
        return self._strings.setdefault(text, len(self._strings))

    def _function(self, function: "Function") -> bytes:
        name, file, first_line = function
        return (
            integer(FUNCTION_ID, self._functions[function])
            + integer(FUNCTION_NAME, self._string(name))
            + integer(FUNCTION_FILE, self._string(file))
            + integer(FUNCTION_LINE, first_line)
        )

    def _location(self, place: tuple[int, int]) -> bytes:
        function, line = place
        content = integer(LINE_FUNCTION, function) + integer(LINE_LINE, line)
        return integer(LOCATION_ID, self._locations[place]) + message(LOCATION_LINE, content)
