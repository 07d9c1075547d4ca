# SPDX-License-Identifier: BSD-2-Clause
"""A profile as a table to read: the functions with the most time of their own first."""

from pyusdt.amounts import amount
from pyusdt.bpftrace.escaping import escape
from pyusdt.profiling.model import C_FILE, Profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyusdt.profiling.model import Figures, Function

ROWS = 40
HEADER = ("calls", "own", "total", "max", "resumes", "function")
UNIT = "ns"


def table(profile: Profile, limit: int | None = ROWS) -> str:
    sums = profile.functions()
    ordered = sorted(sums.items(), key=lambda item: (-item[1].own, item[0]))
    shown = ordered[:limit]
    rows = [HEADER, *(row(function, figures) for function, figures in shown)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [
        "  ".join([*map(str.rjust, cells[:-1], widths), cells[-1]]) for cells in rows
    ]
    if len(shown) < len(ordered):
        rest = ordered[len(shown):]
        own = amount(sum(figures.own for _, figures in rest), UNIT)
        functions = "function" if len(rest) == 1 else "functions"
        lines.append(f"and {len(rest):,} more {functions}: {own} own")
    return "".join(f"{line}\n" for line in lines)


def row(function: "Function", figures: "Figures") -> tuple[str, ...]:
    return (
        f"{figures.calls:,}",
        amount(figures.own, UNIT),
        amount(figures.total, UNIT),
        amount(figures.longest, UNIT),
        f"{figures.resumes:,}",
        function_text(function),
    )


def function_text(function: "Function") -> str:
    filename, line, name, qualname = function
    if filename == C_FILE:
        return escape(name)
    return f"{escape(qualname)} ({escape(filename)}:{line})"
