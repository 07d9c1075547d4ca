# SPDX-License-Identifier: BSD-2-Clause
"""Stacks as folded text."""

from collections import Counter
from collections.abc import Mapping

from pyusdt.stacks.frames import Stack


def folded(stacks: Mapping[Stack, int]) -> str:
    """A stack and its number on each line, as flamegraph.pl, inferno and speedscope
    read it."""
    lines: Counter[str] = Counter()
    for stack, value in stacks.items():
        lines[";".join(folded_label(frame.label) for frame in stack)] += value
    return "".join(f"{line} {value}\n" for line, value in sorted(lines.items()))


def folded_label(label: str) -> str:
    return label.replace(";", ":")
