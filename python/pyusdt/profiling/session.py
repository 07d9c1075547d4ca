# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt.profile: the profile of a with block."""

import sys
from typing import NamedTuple, Self, TextIO

from pyusdt import _pyusdt
from pyusdt.profiling.formats import suffix_of
from pyusdt.profiling.model import Profile
from pyusdt.profiling.output import Output
from pyusdt.profiling.recording import Recording
from pyusdt.profiling.table import ROWS, table

NEEDS_STACKS = "without stacks there is nothing but the table"


class Function(NamedTuple):
    """Times are in nanoseconds: own is without what it called, max of the longest call."""

    name: str
    qualname: str
    filename: str
    line: int
    calls: int
    own: int
    total: int
    max: int
    resumes: int
    exceptions: int


class profile:
    """Counts and times the calls of all threads within a with block.

    c_functions: those written in C, too. Without stacks less memory is needed, and the
    result is the functions by themselves. Raises RuntimeError where one is taken already.
    """

    def __init__(self, *, stacks: bool = True, c_functions: bool = False) -> None:
        self._recording = Recording(_pyusdt, stacks, c_functions)
        self._stacks = stacks
        self._profile: Profile | None = None

    def __enter__(self) -> Self:
        self._recording.begin()
        return self

    def __exit__(self, *exception: object) -> None:
        self._recording.stop()
        self._profile = self._recording.take()

    def functions(self) -> list[Function]:
        """Those with the most time of their own first."""
        made = [
            Function(name, qualname, filename, line, figures.calls, figures.own,
                     figures.total, figures.longest, figures.resumes, figures.exceptions)
            for (filename, line, name, qualname), figures in self._result().functions().items()
        ]
        return sorted(made, key=lambda function: (-function.own, function))

    def print(self, file: TextIO | None = None, limit: int | None = ROWS) -> None:
        """A table of functions, at most *limit*, on standard output where no file is given."""
        text = table(self._result(), limit)
        print(text, end="", file=sys.stdout if file is None else file)

    def write(self, path: str) -> None:
        """A file for pstats, speedscope, pprof or others, as its name ends."""
        suffix_of(path)
        result = self._result()
        if not self._stacks:
            raise ValueError(NEEDS_STACKS)
        Output(path).write(result, "Python profile")

    def _result(self) -> Profile:
        if self._profile is None:
            raise RuntimeError("there is no profile before the end of the with block")
        return self._profile
