# SPDX-License-Identifier: BSD-2-Clause
"""A profile in the formats of pyusdt-stacks: what stack of functions spent how much time."""

from collections import Counter

from pyusdt.bpftrace.escaping import escape
from pyusdt.profiling.model import C_FILE, DEEPER, Profile
from pyusdt.stacks import flamegraph, folded, speedscope
from pyusdt.stacks.frames import NATIVE, OTHER, PYTHON, Frame, Stack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyusdt.profiling.model import Function

UNIT = "ns"
# Of a flame graph, as pyusdt-stacks has it.
MIN_PERCENT = 0.02


def encode_folded(profile: Profile, title: str) -> bytes:
    return as_bytes(folded.folded(stacks(profile)))


def encode_svg(profile: Profile, title: str) -> bytes:
    # What would be left out there is as much work here: mostly it is most of them.
    found = stacks(profile, MIN_PERCENT)
    return as_bytes(flamegraph.svg(found, title, UNIT, MIN_PERCENT))


def encode_speedscope(profile: Profile, title: str) -> bytes:
    return as_bytes(speedscope.speedscope(stacks(profile), title, UNIT))


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")


def stacks(profile: Profile, least_percent: float = 0) -> Counter[Stack]:
    """The time that functions had of their own, by stack."""
    frames = [frame(function) for function in profile.names]
    times: Counter[Stack] = Counter()
    for numbers, figures in profile.stacks(least_percent).items():
        times[tuple([frames[number] for number in numbers])] += figures.own
    return +times


def frame(function: "Function") -> Frame:
    filename, line, name, qualname = function
    if filename == C_FILE:
        return Frame(escape(name), NATIVE)
    if function == DEEPER:
        return Frame(name, OTHER)
    return Frame(escape(qualname), PYTHON, escape(filename), line)
