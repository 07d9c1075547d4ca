# SPDX-License-Identifier: BSD-2-Clause
"""Maps while they fill: a script that prints its maps again and again, without clearing them.

What is counted between print() and clear() would be lost, and both take bpftrace 0.17 as many
steps as a map has keys, multiplied. So all is printed as it is, and what is new since the last
time is the difference, see differences.py.
"""

import re
import secrets
from collections.abc import Callable

from pyusdt.bpftrace.records import Entry, Map, Record, Text
from pyusdt.bpftrace.script import NO_CODE
from pyusdt.rendering.description import PARTS, Description

BITS = 62
PRINT = re.compile(r"\bprint\( *@(\w+) *(?:, *\d+ *(?:, *(\d+) *)?)?\)")
END = re.compile(r"\bEND\s*\{")

Maps = dict[str, tuple[Entry, ...]]


class Snapshots:
    """*take_maps* is called with the seconds since the trace began, and all maps as they are."""

    def __init__(
        self, description: Description, milliseconds: int,
        take_maps: Callable[[float, Maps], None], kinds: tuple[str, ...] = PARTS,
        mark: str | None = None,
    ) -> None:
        """@kinds: of the parts that are wanted. @mark: what nobody can guess."""
        self._names = [name for name, part in description.maps().items()
                       if part.kind in kinds]
        self._milliseconds = milliseconds
        self._take_maps = take_maps
        self._mark = mark or f"{secrets.randbits(BITS)}:"
        self._elapsed: float | None = None
        self._maps: Maps = {}

    def script(self, text: str) -> str:
        divisors = {name: divisor for name, divisor in PRINT.findall(text) if divisor}
        prints = "".join(
            f"\tprint(@{name}, 0, {divisors[name]});\n" if name in divisors
            else f"\tprint(@{name});\n" for name in self._names
        )
        # At the end: bpftrace knows by then what these maps are.
        return (f"{text}\ninterval:ms:{self._milliseconds}\n{{\n"
                f'\tprintf("{self._mark}%llu\\n", elapsed);\n{prints}'
                f'\tprintf("{self._mark}\\n");\n}}\n')

    def take(self, record: Record) -> bool:
        """Is it of a snapshot?"""
        if isinstance(record, Text) and record.text.startswith(self._mark):
            nanoseconds = record.text.removeprefix(self._mark).strip()
            if nanoseconds:
                # Had the last one no end, that was lost: it counts with this one.
                self._elapsed, self._maps = int(nanoseconds) / 1e9, {}
            elif self._elapsed is not None:
                self._take_maps(self._elapsed, self._maps)
                self._elapsed, self._maps = None, {}
            return True
        if self._elapsed is None or not isinstance(record, Map):
            return False
        if record.name not in self._names:
            return False
        self._maps[record.name] = record.entries
        return True


def prints_before_its_end(script: str, description: Description) -> bool:
    """Does it print one of its maps as it runs?"""
    code = NO_CODE.sub(lambda match: " " * len(match[0]), script)
    if (end := END.search(code)) is not None:
        code = code[:end.start()] + code[closing(code, end.end()):]
    return any(match[1] in description.maps() for match in PRINT.finditer(code))


def closing(code: str, start: int) -> int:
    """Behind the brace that closes what has been opened before."""
    depth = 1
    for match in re.compile(r"[{}]").finditer(code, start):
        depth += 1 if match[0] == "{" else -1
        if not depth:
            return match.end()
    return len(code)
