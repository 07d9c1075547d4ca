# SPDX-License-Identifier: BSD-2-Clause
"""The chart of a run of the benchmarks: horizontal bars, one SVG file."""

import html
import math

WIDTH = 860
LEFT = 190
RIGHT = 90
ROW = 20
BAR = 13
PANEL_GAP = 56
TOP = 44
FLOOR, OURS, OTHER = "#b9c4cf", "#2f7fb5", "#d99a3c"


def draw(result):
    """An SVG of the tables "events" and "clock", of those that there are."""
    tables = result["tables"]
    panels = []
    if "events" in tables:
        panels.append(
            (
                "Instructions per event, above an untraced program: grey CPython with a"
                " callback that does nothing, blue pyusdt on top",
                event_bars(tables["events"]["rows"]),
                False,
            )
        )
    if "clock" in tables:
        panels.append(
            (
                "CPU time of fib, times untraced, bpftrace counting (logarithmic; quartiles);"
                " amber: not pyusdt",
                clock_bars(tables["clock"]["rows"]),
                True,
            )
        )
    machine = result["machine"]
    about = (
        f"libpyusdt {machine['libpyusdt']}, CPython {machine['python']},"
        f" Linux {machine['kernel']}, bpftrace {machine['bpftrace']},"
        f" {machine['processor']}"
    )
    parts, y = [], 16
    for title, bars, logarithmic in panels:
        parts += panel(title, bars, logarithmic, y)
        y += TOP + ROW * len(bars) + PANEL_GAP - TOP
    parts.append(text(12, y, about, "note"))
    return page(parts, y + 14)


def event_bars(rows):
    """(label, [(length, colour)...], text at the end, whiskers) of each row."""
    return [
        (
            f"{event} ({loop})",
            [(noop, FLOOR), (above, OURS)],
            f"{noop:.0f} + {above:.0f}",
            None,
        )
        for event, loop, noop, _, above in rows
    ]


def clock_bars(rows):
    bars = []
    for name, workload, median, low, high, *_ in rows:
        if workload == "fib":
            ours = not name.startswith(("noop", "cProfile", "setprofile", "X-", "own"))
            bar = (max(median, 1), OURS if ours else OTHER)
            bars.append((name, [bar], f"{median:.3g}x", (max(low, 1), max(high, 1))))
    return bars


def panel(title, bars, logarithmic, y):
    largest = max(sum(length for length, _ in bar[1]) for bar in bars)
    if bars[0][3]:
        largest = max(largest, *(bar[3][1] for bar in bars))

    def scale(value):
        room = WIDTH - LEFT - RIGHT
        # The longest bars would leave nothing of the others.
        if logarithmic:
            return room * math.log(max(value, 1)) / math.log(max(largest, 1.1))
        return room * min(value / CUT, 1)

    parts = [text(12, y, title, "title")]
    y += 10
    for label, lengths, end, whiskers in bars:
        parts.append(text(LEFT - 8, y + BAR - 2, label, "label"))
        x = 0
        for length, colour in lengths:
            width = min(scale(length), WIDTH - LEFT - RIGHT - x)
            parts.append(
                f'<rect x="{LEFT + x:.1f}" y="{y}" width="{max(width, 0.5):.1f}"'
                f' height="{BAR}" fill="{colour}"/>'
            )
            x += width
        if whiskers:
            low, high = map(scale, whiskers)
            middle = y + BAR / 2
            parts.append(
                f'<path d="M{LEFT + low:.1f} {middle}H{LEFT + high:.1f}" class="range"/>'
            )
            x = max(x, high)
        parts.append(text(LEFT + x + 6, y + BAR - 2, end, "value"))
        y += ROW
    return parts


CUT = 1200  # instructions; longer bars are cut, their numbers stand at the end


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
