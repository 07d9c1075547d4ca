# SPDX-License-Identifier: BSD-2-Clause
"""A profile for pprof: calls and time of each stack of functions."""

from pyusdt.bpftrace.escaping import escape
from pyusdt.profiling.model import C_FILE, Profile
from pyusdt.stacks.profileproto import ProfileWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyusdt.profiling.model import Function

SAMPLE_TYPES = (("calls", "count"), ("time", "nanoseconds"))


def encode(profile: Profile, title: str) -> bytes:
    return written(profile, title).content()


def written(profile: Profile, title: str) -> ProfileWriter:
    writer = ProfileWriter(escape(title), SAMPLE_TYPES, "time")
    locations = [location(writer, function) for function in profile.names]
    for stack, figures in profile.stacks().items():
        innermost_first = [locations[number] for number in reversed(stack)]
        writer.sample(innermost_first, (figures.calls, figures.own))
    return writer


def location(writer: ProfileWriter, function: "Function") -> int:
    """Where in a function the time was spent is not known: each is one location."""
    filename, line, name, qualname = function
    shown = escape(name if filename == C_FILE else qualname)
    return writer.location((shown, escape(filename), line), line)
