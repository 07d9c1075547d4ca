# SPDX-License-Identifier: BSD-2-Clause
"""What has changed between two folded files: a flame graph of the second, with colours for
the difference from the first, or the numbers of both.

A frame's difference is that of the number that its width shows, with all that it called.
"""

from collections import Counter

from pyusdt.amounts import amount
from pyusdt.bpftrace.escaping import escape
from pyusdt.stacks.flamegraph import (
    Labels, Look, Node, boxes_of, make_root, picture, rgb, share_of,
)
from pyusdt.stacks.frames import OTHER

RED, BLUE = 0.01, 0.59  # hues
# Lightness of what has changed most, and of what has hardly; without a change there is no hue.
MOST, LEAST = 0.66, 0.93
SAME = rgb(0, 0.92, 0)
LEGEND = (
    (rgb(BLUE, MOST, 0.85), "less than before"),
    (SAME, "as before"),
    (rgb(RED, MOST, 0.85), "more than before"),
)


def normalized(before: Counter[str], after: Counter[str]) -> Counter[str]:
    """The first, as if it had the total of the second, which it then has exactly."""
    total, wanted = before.total(), after.total()
    scaled: Counter[str] = Counter()
    passed = 0
    for stack, value in sorted(before.items()):
        scaled[stack] = (passed + value) * wanted // total - passed * wanted // total
        passed += value
    return scaled


def folded_difference(
    before: Counter[str], after: Counter[str], is_normalized: bool = False
) -> str:
    """As difffolded.pl writes it, for flamegraph.pl: each stack and both of its numbers."""
    if is_normalized:
        before = normalized(before, after)
    return "".join(
        f"{escape(stack)} {before[stack]} {after[stack]}\n"
        for stack in sorted({**before, **after})
    )


def svg_difference(
    before: Counter[str], after: Counter[str], title: str, unit: str, min_percent: float,
    is_normalized: bool = False,
) -> str:
    told = f"before {amount(before.total(), unit)}"
    if is_normalized:
        before = normalized(before, after)
    root = make_root()
    for stack in sorted({**before, **after}):
        root.add(labels(stack), after[stack], before[stack])
    boxes, rest = boxes_of(root, min_percent)
    most = max(abs(change(box.node)) for box in boxes)
    look = Look(
        lambda node: colour(change(node), most),
        lambda node: f"{share_of(node, root.value, unit)}; {difference(node, unit)}",
        LEGEND,
    )
    compared = ", scaled to this" if is_normalized else f": {difference(root, unit)}"
    subtitle = f"{amount(root.value, unit)}, {told}{compared}"
    if gone := gone_below(root):
        subtitle += f"; {amount(gone, unit)} of before were in frames that are gone"
    return picture(boxes, look, title, subtitle + rest, unit)


def labels(stack: str) -> Labels:
    return tuple((escape(label), OTHER) for label in stack.split(";"))


def change(node: Node) -> int:
    return node.value - node.before


def difference(node: Node, unit: str) -> str:
    if not change(node):
        return "as before"
    if not node.before:
        return "new"
    changed = amount(change(node), unit, "+")
    return f"{changed}, {100 * change(node) / node.before:+,.2f} % of before"


def colour(change: int, most: int) -> str:
    if not change:
        return SAME
    # By the root, so that a tenth of the largest change can still be seen.
    strength = (abs(change) / most) ** 0.5
    return rgb(RED if change > 0 else BLUE, LEAST + (MOST - LEAST) * strength, 0.85)


def gone_below(root: Node) -> int:
    """What frames had that have nothing now, which have no width."""
    gone, pending = 0, [root]
    while pending:
        node = pending.pop()
        if node.value:
            pending += node.children.values()
        else:
            gone += node.before
    return gone
