# SPDX-License-Identifier: BSD-2-Clause
"""A profile as cProfile writes it, for pstats and what reads the same: snakeviz, gprof2dot."""

import marshal

from pyusdt.profiling.model import Profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyusdt.profiling.model import Figures

    Key = tuple[str, int, str]
    Numbers = tuple[int, int, float, float]
    # Of callers the first two are the other way round.
    Stats = dict[Key, tuple[int, int, float, float, dict[Key, Numbers]]]

SECOND = 1e9


def encode(profile: Profile, title: str) -> bytes:
    return marshal.dumps(stats(profile))


def stats(profile: Profile) -> "Stats":
    """As pstats.Stats.stats. A resumption of a generator is a call, as it is to cProfile."""
    callers: dict[Key, dict[Key, Numbers]] = {}
    for (caller, callee), figures in profile.edges().items():
        outermost, calls, own, total = numbers(figures)
        known = callers.setdefault(callee[:3], {})
        known[caller[:3]] = added((calls, outermost, own, total), known.get(caller[:3]))
    made: Stats = {}
    for function, figures in profile.functions().items():
        key = function[:3]
        before = made[key][:4] if key in made else None
        made[key] = (*added(numbers(figures), before), callers.get(key, {}))
    return made


def numbers(figures: "Figures") -> "Numbers":
    calls = figures.calls + figures.resumes
    return figures.outermost, calls, figures.own / SECOND, figures.total / SECOND


def added(more: "Numbers", known: "Numbers | None") -> "Numbers":
    """Functions of one line can have one name, and are one there."""
    if known is None:
        return more
    return (known[0] + more[0], known[1] + more[1], known[2] + more[2], known[3] + more[3])
