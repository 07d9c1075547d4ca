# SPDX-License-Identifier: BSD-2-Clause
"""What a joined stack is made of, whatever it is written as."""

from typing import NamedTuple

from pyusdt.lines.places import FIRST_LINE

PYTHON = "python"
NATIVE = "native"
KERNEL = "kernel"
OTHER = "other"  # processes, and notes such as [no Python]


class Frame(NamedTuple):
    name: str
    kind: str
    file: str = ""
    line: int = 0
    first_line: int = 0  # of the function
    is_first: bool = False  # which stands for the line that runs, as that is not known

    @property
    def label(self) -> str:
        if self.kind == KERNEL:
            # What flamegraph.pl and inferno colour as kernel.
            return f"{self.name}_[k]"
        if self.file:
            mark = FIRST_LINE if self.is_first else ""
            return f"{self.name} ({self.file}:{self.line}{mark})"
        return f"{self.name}:{self.line}" if self.line else self.name


Stack = tuple[Frame, ...]  # the outermost frame first


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
