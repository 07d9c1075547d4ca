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
    "bytes": ((1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB"), (1, "B")),
}


def amount(value: int, unit: str, sign: str = "") -> str:
    """Two or three digits, where it is no whole number of the smallest unit.

    *sign*: "+" to have one in any case.
    """
    scale = SCALES.get(unit, ())
    for (size, name), (smaller, _) in zip(scale, (*scale[1:], (0, ""))):
        # What would be rounded to 1000 is 1 of the next larger unit.
        if abs(value) >= min(size, 999.5 * smaller):
            digits = 1 if size > 1 and abs(value) < 99.95 * size else 0
            return f"{value / size:{sign},.{digits}f} {name}"
    return f"{value:{sign},} {unit}"


def percent(value: int, total: int) -> str:
    return f"{100 * value / total:.1f} %" if total else "-"
