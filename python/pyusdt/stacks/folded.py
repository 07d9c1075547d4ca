# SPDX-License-Identifier: BSD-2-Clause
"""Stacks as folded text, and what others have written so."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from pyusdt.stacks.frames import Stack


def folded(stacks: Mapping[Stack, int]) -> str:
    """A stack and its number on each line, as flamegraph.pl, inferno and speedscope
    read it."""
    lines: Counter[str] = Counter()
    for stack, value in stacks.items():
        lines[";".join(folded_label(frame.label) for frame in stack)] += value
    return "".join(f"{line} {value}\n" for line, value in sorted(lines.items()))


# More digits than any counter has are none of one.
LINE = re.compile(r"(.*\S)\s+(\d{1,30})\s*", re.DOTALL)


def read_folded(lines: Iterable[str]) -> Counter[str]:
    """The number of each stack. Raises ValueError with the number of a line that is none."""
    stacks: Counter[str] = Counter()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = LINE.fullmatch(line)
        if found is None:
            raise ValueError(number)
        stacks[found[1]] += int(found[2])
    return stacks


def folded_label(label: str) -> str:
    return label.replace(";", ":")
