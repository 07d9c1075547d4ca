# SPDX-License-Identifier: BSD-2-Clause
"""Flame graphs: one SVG file that needs nothing else, with zoom and search in a browser.

A frame is as wide as its share of the total, and stands on the frame that called it.
Colours are made of names: a frame has the same one in every graph.
"""

import colorsys
import html
import json
import pathlib
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pyusdt.amounts import SCALES, amount
from pyusdt.stacks.frames import KERNEL, NATIVE, OTHER, PYTHON, Stack, count

Labels = tuple[tuple[str, str], ...]  # label and kind, the outermost frame first

# The script, with a comment before it that is for who reads the file.
SCRIPT = pathlib.Path(__file__).with_name("flamegraph.js")

# In pixels. Those that the script needs are handed to it, see script().
WIDTH = 1200
MARGIN = 10
ROW = 18
TOP = 58
BOTTOM = 80
FONT_SIZE = 12
CHARACTER = 7.25  # of the fonts below at this size; theirs is 7.2 to 7.23
TEXT_INDENT = 4
# Below this a frame has no border, which would hide it.
BORDER_FROM = 4


class Band(NamedTuple):
    """Where the colours of a kind are, from 0 to 1: hues, lightness and saturation."""

    hue: float
    hues: float
    lightness: float
    saturation: float
    legend: str


BANDS = {
    PYTHON: Band(0.535, 0.060, 0.74, 0.68, "Python"),
    NATIVE: Band(0.125, 0.040, 0.68, 0.80, "native"),
    KERNEL: Band(0.015, 0.050, 0.72, 0.85, "kernel"),
    OTHER: Band(0.600, 0.050, 0.84, 0.08, "other"),
}


class Node:
    """A frame with all that it called. *before*: of what it is compared with."""

    __slots__ = ("before", "children", "kind", "label", "value")

    def __init__(self, label: str, kind: str) -> None:
        self.label = label
        self.kind = kind
        self.value = 0
        self.before = 0
        self.children: dict[tuple[str, str], Node] = {}

    def add(self, stack: Labels, value: int, before: int = 0) -> None:
        """To the root: a stack and its numbers."""
        node = self
        node.count(value, before)
        for frame in stack:
            node = node.child(frame)
            node.count(value, before)

    def count(self, value: int, before: int) -> None:
        self.value += value
        self.before += before

    def child(self, frame: tuple[str, str]) -> "Node":
        if frame not in self.children:
            self.children[frame] = Node(*frame)
        return self.children[frame]


class Box(NamedTuple):
    """A frame's place: how deep, and the values left of it."""

    node: Node
    depth: int
    start: int


class Look(NamedTuple):
    """What frames are like: their colour, what is told of one, what the colours mean."""

    fill: Callable[[Node], str]
    tip: Callable[[Node], str]
    legend: Sequence[tuple[str, str]]


def make_root() -> Node:
    return Node("all", OTHER)


def make_tree(stacks: Mapping[Labels, int]) -> Node:
    root = make_root()
    for stack, value in stacks.items():
        root.add(stack, value)
    return root


def boxes_of(root: Node, min_percent: float) -> tuple[list[Box], str]:
    """The frames that are drawn, and what there is to say of the others."""
    if not root.value:
        raise ValueError("no stacks to draw")
    boxes = list(make_boxes(root, max(1, root.value * min_percent / 100)))
    if len(boxes) == sum(1 for _ in make_boxes(root, 1)):
        return boxes, ""
    return boxes, f"; frames below {min_percent:g} % are left out"


def make_boxes(root: Node, least: float) -> Iterator[Box]:
    """Each frame of at least this value, before those that it called."""
    pending = [(root, 0, 0)]
    while pending:
        node, depth, start = pending.pop()
        if node.value < least:
            continue
        yield Box(node, depth, start)
        # What is left at its right is of stacks that end in this frame.
        end = start + sum(child.value for child in node.children.values())
        for _, child in sorted(node.children.items(), reverse=True):
            end -= child.value
            pending.append((child, depth + 1, end))


def svg(
    stacks: Mapping[Stack, int], title: str, unit: str, min_percent: float
) -> str:
    labelled: Counter[Labels] = Counter()
    for stack, value in stacks.items():
        labelled[tuple((frame.label, frame.kind) for frame in stack)] += value
    return render(labelled, title, unit, min_percent)


def render(
    stacks: Mapping[Labels, int], title: str, unit: str, min_percent: float = 0
) -> str:
    root = make_tree(stacks)
    boxes, rest = boxes_of(root, min_percent)
    kinds = [kind for kind in BANDS if any(box.node.kind == kind for box in boxes)]
    look = Look(
        lambda node: colour(node.label, node.kind),
        lambda node: share_of(node, root.value, unit),
        [(colour("", kind), BANDS[kind].legend) for kind in kinds],
    )
    subtitle = f"{amount(root.value, unit)} in {count(len(stacks), 'stack')}{rest}"
    return picture(boxes, look, title, subtitle, unit)


def share_of(node: Node, total: int, unit: str) -> str:
    return f"{amount(node.value, unit)}, {100 * node.value / total:.2f} %"


def picture(boxes: Sequence[Box], look: Look, title: str, subtitle: str, unit: str) -> str:
    """The first of the boxes is that of the root."""
    height = TOP + BOTTOM + ROW * (1 + max(box.depth for box in boxes))
    total = boxes[0].node.value
    return "".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="pyusdt" width="{WIDTH}" '
        f'height="{height}" viewBox="0 0 {WIDTH} {height}">\n',
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n",
        '<rect class="paper" width="100%" height="100%"/>\n',
        text(MARGIN, 24, title, 'class="headline"'),
        text(MARGIN, 44, subtitle, 'class="quiet"'),
        '<g class="frames">\n',
        *(draw(box, look, total, height) for box in boxes),
        "</g>\n",
        *legend(look.legend, height - 14),
        controls(height),
        f"<script><![CDATA[{script(unit)}]]></script>\n</svg>\n",
    ])


def draw(box: Box, look: Look, total: int, height: int) -> str:
    node = box.node
    scale = (WIDTH - 2 * MARGIN) / total
    width = node.value * scale
    x = MARGIN + box.start * scale
    y = height - BOTTOM - ROW * (1 + box.depth)
    # The script takes the last line for that which is no name.
    tip = f"{node.label}\n{look.tip(node)}"
    wide = " wide" if width >= BORDER_FROM else ""
    label = shortened(node.label, width)
    return (
        f'<g class="frame{wide}" data-x="{box.start}" data-v="{node.value}" '
        f'data-d="{box.depth}"><title>{escape(tip)}</title>'
        f'<rect x="{x:.3f}" y="{y}" width="{width:.3f}" height="{ROW - 1}" '
        f'fill="{look.fill(node)}"/>'
        + (text(x + TEXT_INDENT, y + 13, label).rstrip() if label else "")
        + "</g>\n"
    )


def shortened(label: str, width: float) -> str:
    """What fits; the script does the same."""
    room = int((width - 2 * TEXT_INDENT) / CHARACTER)
    label = printable(label)
    if len(label) <= room:
        return label
    return f"{label[:room - 2]}.." if room >= 3 else ""


def colour(label: str, kind: str) -> str:
    band = BANDS[kind]
    digest = zlib.crc32(label.encode("utf-8", errors="replace"))
    hue = band.hue + band.hues * (digest % 251) / 250
    lightness = band.lightness + 0.08 * (digest // 251 % 31) / 30
    return rgb(hue, lightness, band.saturation)


def rgb(hue: float, lightness: float, saturation: float) -> str:
    parts = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def legend(entries: Sequence[tuple[str, str]], y: int) -> Iterator[str]:
    x = MARGIN
    for fill, meaning in entries:
        yield (
            f'<rect x="{x}" y="{y - 10}" width="12" height="12" rx="2" '
            f'fill="{fill}"/>\n'
        )
        yield text(x + 18, y, meaning)
        x += 44 + round(CHARACTER * len(meaning))


def controls(height: int) -> str:
    """For the script, which shows them: without it they would do nothing."""
    return (
        text(MARGIN, height - 57, "", 'class="detail"')
        + text(MARGIN, height - 36, "", 'class="matched"')
        + f'<text class="buttons" x="{WIDTH - MARGIN}" y="{height - 14}">'
        '<tspan class="reset button">Reset (Esc)</tspan>'
        '<tspan>   </tspan><tspan class="search button">Search (Ctrl-F)</tspan></text>\n'
    )


def text(x: float, y: float, content: str, attributes: str = "") -> str:
    place = f'x="{x:.2f}" y="{y}"'
    attributes = f"{attributes} {place}".strip()
    return f"<text {attributes}>{escape(content)}</text>\n"


# What XML 1.0 cannot hold, line breaks aside.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def escape(content: str) -> str:
    return html.escape(FORBIDDEN.sub("\ufffd", content))


def printable(label: str) -> str:
    return re.sub(r"\s", " ", label)


def script(unit: str) -> str:
    values = {
        "WIDTH": WIDTH,
        "MARGIN": MARGIN,
        "CHARACTER": CHARACTER,
        "INDENT": TEXT_INDENT,
        "BORDER_FROM": BORDER_FROM,
        "UNIT": json.dumps(unit).replace("]", "\\u005d"),
        "SCALE": json.dumps(SCALES.get(unit, ())),
    }
    constants = ", ".join(f"{name} = {value}" for name, value in values.items())
    _, _, body = SCRIPT.read_text(encoding="utf-8").partition("*/\n\n")
    return f'\n(function () {{\n"use strict";\nconst {constants};\n{body}}})();\n'


STYLE = f"""
svg.pyusdt text {{ font: {FONT_SIZE}px "DejaVu Sans Mono", "Liberation Mono", Menlo,
	Consolas, monospace; fill: #14171a; white-space: pre; }}
svg.pyusdt text.headline {{ font: bold 17px "DejaVu Sans", "Liberation Sans", Arial,
	sans-serif; }}
svg.pyusdt text.quiet {{ fill: #535b63; }}
svg.pyusdt .paper {{ fill: #ffffff; }}
svg.pyusdt .frame {{ cursor: pointer; }}
svg.pyusdt .frame.wide rect {{ stroke: #ffffff; stroke-width: 0.6; }}
svg.pyusdt .frame:hover rect {{ stroke: #14171a; stroke-width: 1.2; }}
svg.pyusdt .frame text {{ pointer-events: none; }}
svg.pyusdt .frame.outer rect {{ fill-opacity: 0.4; }}
svg.pyusdt .frame.found rect {{ fill: #ea8af0; }}
svg.pyusdt .buttons {{ text-anchor: end; visibility: hidden; }}
svg.pyusdt .button {{ cursor: pointer; fill: #0b57a8; }}
svg.pyusdt .button:hover {{ text-decoration: underline; }}
"""
