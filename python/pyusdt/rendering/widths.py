# SPDX-License-Identifier: BSD-2-Clause
"""How wide the columns of a table are where not all of them fit: those give way first that say
least by what they lose."""

from collections.abc import Sequence

from pyusdt.rendering.screen import fitted, width

# By kind, how narrow a column may become, one stage after the other: first files, of which the
# last folder and the name are left, and functions long before a text, which may be the name of
# a system call.
STAGES = (
    {"file": 24, "text": 32},
    {"file": 16, "function": 24},
    {"function": 16, "text": 24},
    {"function": 12, "text": 12},
)
# Of a command's name, beside its number.
LEAST_NAME = 8


def column_widths(
    columns: Sequence[Sequence[str]], kinds: Sequence[str], room: int
) -> list[int]:
    """@columns: the heading, and what stands below it."""
    sizes = [max(map(width, column)) for column in columns]
    numbers = [least_of_numbers(column) for column in columns]
    names = [least_of_names(column) for column in columns]

    def where(kind: str, least: Sequence[int]) -> list[int]:
        """For columns of that kind; others stay as they are."""
        return [one if its == kind else size for one, its, size in zip(least, kinds, sizes)]

    sizes = fitted(sizes, room, where("command", names))
    for least in STAGES:
        sizes = fitted(sizes, room, [least.get(kind, size) for kind, size in zip(kinds, sizes)])
    return fitted(sizes, room, where("command", numbers))


def least_of_numbers(column: Sequence[str]) -> int:
    return max(width(text.partition(" ")[0]) for text in column)


def least_of_names(column: Sequence[str]) -> int:
    """With the number. A name that all of them have tells none from another."""
    names = {text.partition(" ")[2] for text in column[1:]}
    least = least_of_numbers(column)
    return least + 1 + LEAST_NAME if len(names) > 1 else least
