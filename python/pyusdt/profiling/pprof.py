# SPDX-License-Identifier: BSD-2-Clause
"""A profile for pprof: https://github.com/google/pprof/blob/main/proto/profile.proto

The constants are that file's numbers of fields.
"""

import time
import zlib

from pyusdt.bpftrace.escaping import escape
from pyusdt.profiling.model import C_FILE, Profile
from pyusdt.profiling.protobuf import integer, integers, message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyusdt.profiling.model import Function

PROFILE_SAMPLE_TYPE, PROFILE_SAMPLE = 1, 2
PROFILE_LOCATION, PROFILE_FUNCTION, PROFILE_STRING = 4, 5, 6
PROFILE_TIME, PROFILE_COMMENT, PROFILE_DEFAULT_TYPE = 9, 13, 14
VALUE_TYPE, VALUE_UNIT = 1, 2
SAMPLE_LOCATIONS, SAMPLE_VALUES = 1, 2
LOCATION_ID, LOCATION_LINE = 1, 4
LINE_FUNCTION, LINE_LINE = 1, 2
FUNCTION_ID, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE, FUNCTION_LINE = 1, 2, 3, 4, 5

SAMPLE_TYPES = (("calls", "count"), ("time", "nanoseconds"))
GZIP = 16 + zlib.MAX_WBITS


class Strings:
    """Other parts have their numbers. The first is the empty one."""

    def __init__(self) -> None:
        self.numbers = {"": 0}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def encode(self) -> bytes:
        return b"".join(
            message(PROFILE_STRING, text.encode("utf-8", errors="replace"))
            for text in self.numbers
        )


def function_and_location(number: int, function: "Function", strings: Strings) -> bytes:
    """Where in a function the time was spent is not known: each is one location."""
    return (
        message(PROFILE_LOCATION, location(number, function[1]))
        + message(PROFILE_FUNCTION, function_message(number, function, strings))
    )


def function_message(number: int, function: "Function", strings: Strings) -> bytes:
    filename, line, name, qualname = function
    shown = escape(name if filename == C_FILE else qualname)
    return (
        integer(FUNCTION_ID, number)
        + integer(FUNCTION_NAME, strings.number(shown))
        + integer(FUNCTION_SYSTEM_NAME, strings.number(escape(name)))
        + integer(FUNCTION_FILE, strings.number(escape(filename)))
        + integer(FUNCTION_LINE, line)
    )


def location(number: int, line: int) -> bytes:
    place = integer(LINE_FUNCTION, number) + integer(LINE_LINE, line)
    return integer(LOCATION_ID, number) + message(LOCATION_LINE, place)


def encode(profile: Profile, title: str) -> bytes:
    compressor = zlib.compressobj(wbits=GZIP)
    return compressor.compress(message_of(profile, title)) + compressor.flush()


def message_of(profile: Profile, title: str) -> bytes:
    strings = Strings()
    types = [
        message(PROFILE_SAMPLE_TYPE, integer(VALUE_TYPE, strings.number(kind))
                + integer(VALUE_UNIT, strings.number(unit)))
        for kind, unit in SAMPLE_TYPES
    ]
    samples = [
        message(PROFILE_SAMPLE,
                # The innermost function first. Numbers begin with 1.
                integers(SAMPLE_LOCATIONS, [number + 1 for number in reversed(stack)])
                + integers(SAMPLE_VALUES, (figures.calls, figures.own)))
        for stack, figures in profile.stacks().items()
    ]
    return b"".join([
        *types,
        *samples,
        *(function_and_location(number, function, strings)
          for number, function in enumerate(profile.names, 1)),
        integer(PROFILE_TIME, time.time_ns()),
        integer(PROFILE_COMMENT, strings.number(escape(title))),
        integer(PROFILE_DEFAULT_TYPE, strings.number("time")),
        strings.encode(),
    ])
