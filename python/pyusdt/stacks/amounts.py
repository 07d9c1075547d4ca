# SPDX-License-Identifier: BSD-2-Clause
"""Numbers with units, as a person reads them. flamegraph.js has the same for its sums."""

TIMES = ((10**9, "s"), (10**6, "ms"), (10**3, "us"), (1, "ns"))


def times_from(smallest: int) -> tuple[tuple[int, str], ...]:
    return tuple((size // smallest, name) for size, name in TIMES if size >= smallest)


# What there is of a unit, the largest first. Of others there is only one.
SCALES = {
    "ns": TIMES,
    "us": times_from(10**3),
    "ms": times_from(10**6),
    "bytes": ((1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB"), (1, "bytes")),
}


def amount(value: int, unit: str, sign: str = "") -> str:
    """Three digits or a few more, and their unit. *sign*: "+" to have one in any case."""
    for size, name in SCALES.get(unit, ()):
        number = abs(value) / size
        if number >= 1:
            digits = 0 if size == 1 or number >= 100 else 1 if number >= 10 else 2
            return f"{value / size:{sign},.{digits}f} {name}"
    return f"{value:{sign},} {unit}"
