# SPDX-License-Identifier: BSD-2-Clause
"""The chart of a run of the benchmarks: horizontal bars, one SVG file.

A row that could not be measured has no bar: the words that it has in the table stand below.
"""

import html
import math
from typing import NamedTuple

WIDTH = 860
LEFT = 190
RIGHT = 90
ROW = 20
BAR = 13
NOTE = 15
PANEL_GAP = 56
CUT = 1200  # instructions
FLOOR, OURS, OTHER = "#b9c4cf", "#2f7fb5", "#d99a3c"
# How the names of variants begin that are not pyusdt.
OTHERS = "noop", "cProfile", "setprofile", "X-", "own"


class Bar(NamedTuple):
    label: str
    lengths: list  # (length, colour)...
    end: str  # text after the bar
    range: tuple | None  # where the quartiles are


class Panel(NamedTuple):
    title: str
    bars: list
    notes: list  # what could not be measured: it has no bar
    largest: float  # longer bars are cut, their numbers stand at the end
    logarithmic: bool


def draw(result):
    """An SVG of the tables "events", "profilers" and "clock", of those that there are."""
    tables = result["tables"]
    panels = []
    if "events" in tables:
        panels.append(
            Panel(
                "Instructions per event, above an untraced program: grey CPython with a"
                " callback that does nothing, blue pyusdt on top",
                event_bars(tables["events"]["rows"]),
                [],
                CUT,
                False,
            )
        )
    if "profilers" in tables:
        panels.append(
            time_panel(
                "Counting and timing every function: nanoseconds of CPU time for a call and"
                " its return, above untraced (quartiles)",
                tables["profilers"]["rows"],
                ("fib", "objects"),
                False,
            )
        )
    if "clock" in tables:
        panels.append(
            time_panel(
                "Nanoseconds of CPU time for a call of fib, above untraced, bpftrace counting"
                " (logarithmic; quartiles); amber: not pyusdt",
                tables["clock"]["rows"],
                ("fib",),
                True,
            )
        )
    machine = result["machine"]
    about = (
        f"{machine['date']}: libpyusdt {machine['libpyusdt']}, CPython {machine['python']},"
        f" Linux {machine['kernel']}, bpftrace {machine['bpftrace']},"
        f" {machine['processor']}, load {machine['load']}"
    )
    parts, y = [], 16
    for one in panels:
        parts += panel(one, y)
        y += ROW * len(one.bars) + NOTE * len(one.notes) + PANEL_GAP
    parts.append(text(12, y, about, "note"))
    return page(parts, y + 14)


def event_bars(rows):
    return [
        Bar(
            f"{event} ({loop})",
            [(noop, FLOOR), (above, OURS)],
            f"{noop:.0f} + {above:.0f}",
            None,
        )
        for event, loop, noop, _, above in rows
    ]


def time_panel(title, rows, workloads, logarithmic):
    bars, notes = [], []
    drawn = [row for row in rows if row[1] in workloads]
    # All ways of one workload beside each other.
    drawn.sort(key=lambda row: workloads.index(row[1]))
    for name, workload, _, median, low, high, note in drawn:
        label = name if len(workloads) == 1 else f"{name} ({workload})"
        if median is None:
            notes.append(f"{label}: {note}")
        else:
            ours = not name.startswith(OTHERS)
            bar = [(median, OURS if ours else OTHER)]
            bars.append(Bar(label, bar, f"{median:g}", (low, high)))
    largest = max((bar.range[1] for bar in bars), default=1)
    return Panel(title, bars, notes, largest, logarithmic)


def panel(one, y):
    room = WIDTH - LEFT - RIGHT

    def scale(value):
        # The longest bars would leave nothing of the others.
        if one.logarithmic:
            return room * math.log(max(value, 1)) / math.log(max(one.largest, 1.1))
        return room * min(value / one.largest, 1)

    parts = [text(12, y, one.title, "title")]
    y += 10
    for bar in one.bars:
        parts.append(text(LEFT - 8, y + BAR - 2, bar.label, "label"))
        x = 0
        for length, colour in bar.lengths:
            width = min(scale(length), room - x)
            parts.append(
                f'<rect x="{LEFT + x:.1f}" y="{y}" width="{max(width, 0.5):.1f}"'
                f' height="{BAR}" fill="{colour}"/>'
            )
            x += width
        if bar.range:
            low, high = map(scale, bar.range)
            middle = y + BAR / 2
            parts.append(
                f'<path d="M{LEFT + low:.1f} {middle}H{LEFT + high:.1f}" class="range"/>'
            )
            x = max(x, high)
        parts.append(text(LEFT + x + 6, y + BAR - 2, bar.end, "value"))
        y += ROW
    for note in one.notes:
        parts.append(text(LEFT, y + BAR - 2, note, "note"))
        y += NOTE
    return parts


def text(x, y, words, kind):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{html.escape(words)}</text>'


def page(parts, height):
    style = (
        "text{font:12px sans-serif;fill:#222}.title{font-weight:bold}"
        ".label{text-anchor:end}.note{font-size:11px;fill:#666}"
        ".range{stroke:#222;stroke-width:1.5}"
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
            f' viewBox="0 0 {WIDTH} {height}">',
            f"<style>{style}</style>",
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            *parts,
            "</svg>\n",
        ]
    )
