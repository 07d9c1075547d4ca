# SPDX-License-Identifier: BSD-2-Clause
"""Instructions of whole workloads, in each variant, by callgrind."""

import pathlib
import sys
from typing import NamedTuple

import callgrind

HERE = pathlib.Path(__file__).resolve().parent


class Count(NamedTuple):
    first: int
    steady: int


def count(workload, variants, size, environment):
    """Returns: {variant name: Count}, plain and others counted in one process each."""
    counts = {}
    for group in groups(variants):
        words = [*group[0].flags, str(HERE / "counted.py"), workload, str(size)]
        _, parts = callgrind.count(
            [sys.executable, *words, *(variant.name for variant in group)], environment
        )
        pairs = zip(parts[0::2], parts[1::2])
        counts.update((v.name, Count(*pair)) for v, pair in zip(group, pairs))
    return counts


def groups(variants):
    """Those that can share a process: the library, once loaded, stays."""
    without = [v for v in variants if not v.pyusdt and not v.flags]
    with_library = [v for v in variants if v.pyusdt and not v.flags]
    flagged = [[v] for v in variants if v.flags]
    return [group for group in (without, with_library, *flagged) if group]
