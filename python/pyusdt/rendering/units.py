# SPDX-License-Identifier: BSD-2-Clause
"""Numbers as a person reads them."""

TIMES = (("us", 1), ("ms", 1_000), ("s", 1_000_000))
SIZES = (("B", 1), ("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("TB", 1 << 40))


def shown(value: int, unit: str) -> str:
    match unit:
        case "us":
            return scaled(value, TIMES)
        case "ms":
            return scaled(value * 1000, TIMES)
        case "bytes":
            return scaled(value, SIZES)
        case _:
            return f"{value:,}"


def scaled(value: int, steps: tuple[tuple[str, int], ...]) -> str:
    """Two or three digits, where it is no whole number of the smallest unit."""
    for (name, step), following in zip(steps, (*steps[1:], None)):
        # What would be rounded to 1000 is 1 of the next.
        if following is None or abs(value) < 999.5 * step and abs(value) < following[1]:
            break
    number = value / step
    digits = 1 if step > 1 and abs(number) < 99.95 else 0
    return f"{number:,.{digits}f} {name}"


def percent(value: int, total: int) -> str:
    return f"{100 * value / total:.1f} %" if total else "-"
