# SPDX-License-Identifier: BSD-2-Clause
"""What a bpftrace script's text says of what it prints.

bpftrace's JSON has the key of an entry as one string, its elements joined by commas, and
histograms of both kinds alike. How many elements there are, which of them are stacks, and
which maps have linear histograms is known only from the script. So is whether a line break
at the end of what printf() printed is the script's, or that of a name.
"""

import re
from typing import NamedTuple

# What may hold an @ or a bracket that is none.
NO_CODE = re.compile(
    r'"(?:\\.|[^"\\])*"|/\*.*?\*/|//[^\n]*', re.DOTALL
)
MAP = re.compile(r"@(\w*)\[")
STACK = r"(?:kstack|ustack|dw_ustack)\b"
HOLDS_STACK = re.compile(rf"([@$]\w*)(?:\[[^;{{}}]*?\])?\s*=\s*{STACK}")
LINEAR = re.compile(r"@(\w*)(?:\[[^;{}]*?\])?\s*=\s*lhist\b")


PRINTF = re.compile(r'\bprintf\s*\(\s*"((?:\\.|[^"\\])*)"')
CONVERSION = re.compile(r"%(?!%)[-+ #0-9.*]*[a-zA-Z]+")


class Script(NamedTuple):
    # By map, for each element of its key: is it a stack?
    keys: dict[str, tuple[bool, ...]] = {}
    linear: frozenset[str] = frozenset()
    # What a printf() prints that ends a line. None: all do, or end otherwise than with data.
    lines: re.Pattern[str] | None = None

    def ends_line(self, text: str) -> bool:
        """Is the line break at the end of this text the script's own?"""
        return self.lines is None or self.lines.fullmatch(text) is not None


def read(script: str) -> Script:
    code = NO_CODE.sub(lambda match: '""' if match[0][0] == '"' else " ", script)
    stacks = set(HOLDS_STACK.findall(code))
    keys: dict[str, tuple[bool, ...]] = {}
    for match in MAP.finditer(code):
        elements = arguments(code, match.end())
        keys[match[1]] = tuple(is_stack(element, stacks) for element in elements)
    return Script(keys, frozenset(LINEAR.findall(code)), lines_of(script))


def lines_of(script: str) -> re.Pattern[str] | None:
    formats = PRINTF.findall(script)
    if not any(re.search(rf"{CONVERSION.pattern}\Z", text) for text in formats):
        return None
    return re.compile(
        "|".join(printed_by(text) for text in formats if text.endswith(r"\n")) or r"(?!)",
        re.DOTALL,
    )


def printed_by(text: str) -> str:
    """The pattern of what this format prints."""
    literals = CONVERSION.sub("\0", text.replace(r"\n", "\n").replace(r"\t", "\t")
                              .replace(r"\"", '"').replace("\\\\", "\\")).split("\0")
    return ".*".join(re.escape(literal.replace("%%", "%")) for literal in literals)


def arguments(code: str, start: int) -> list[str]:
    """What stands between a bracket that has been opened and the one that closes it, by
    its commas."""
    found, depth, begin = [], 0, start
    for at in range(start, len(code)):
        character = code[at]
        if character in "[({":
            depth += 1
        elif character in ",])}" and not depth:
            found.append(code[begin:at])
            begin = at + 1
            if character != ",":
                break
        elif character in "])}":
            depth -= 1
    return found


def is_stack(element: str, stacks: set[str]) -> bool:
    word = element.strip()
    name = re.match(r"[@$]\w*", word)
    return re.match(STACK, word) is not None or (name is not None and name[0] in stacks)
