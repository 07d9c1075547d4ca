# SPDX-License-Identifier: BSD-2-Clause
"""Instructions of whole workloads, in each variant, by callgrind."""

import os
import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import callgrind

HERE = pathlib.Path(__file__).resolve().parent


class Count(NamedTuple):
    first: int  # run, in which the code is instrumented
    steady: int  # the least of those after it


def count(pairs, builddir, size=1, times=1):
    """Count pairs of the name of a workload and a Variant, times + 1 runs of each.

    Dictionaries with addresses as keys take a few instructions more or less with other
    addresses, and each run has others: 0.1 % of "documents". The least of several does
    not vary.

    Returns: {(workload, name of the variant): Count}.
    """
    counts = {}
    # In each process the same ones: else two variants are not comparable.
    warm = ",".join(dict.fromkeys(workload for workload, _ in pairs))

    def run(group):
        return count_group(group, builddir, size, times, warm)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(run, groups(pairs)):
            counts.update(result)
    return counts


def count_group(pairs, builddir, size, times, warm):
    flags = pairs[0][1].flags
    words = [f"{workload}:{variant.name}" for workload, variant in pairs]
    _, parts = callgrind.count(
        [sys.executable, *flags, str(HERE / "counted.py"), str(size), str(times), warm,
         *words],
        builddir,
    )
    counts = {}
    for number, (workload, variant) in enumerate(pairs):
        first, *others = parts[number * (times + 1) : (number + 1) * (times + 1)]
        counts[workload, variant.name] = Count(first, min(others))
    return counts


def groups(pairs):
    """A process for each variant: CPython adapts itself to what has run before."""
    by_variant = {}
    for workload, variant in pairs:
        by_variant.setdefault(variant, []).append((workload, variant))
    return by_variant.values()
