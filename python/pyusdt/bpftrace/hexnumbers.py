# SPDX-License-Identifier: BSD-2-Clause
"""Numbers that bpftrace writes in hexadecimal by mistake.

From 0.24 on, with -f json, a character that it escapes by its number leaves its output in
hexadecimal, for good: so one name that is not ASCII, or has a control character, makes of 20
entries of a histogram 14, and of 10 lost events a, which is no JSON. Other numbers are not so
written.
"""

import re

BEGINNINGS = (b'{"type": "hist"', b'{"type": "lost_events"')
# A string, and where it is a name the number after it.
STRING = re.compile(rb'"((?:[^"\\]|\\.)*)"(?:: ([0-9a-f]+)(?=[,}]))?', re.DOTALL)
ESCAPED = re.compile(rb'(?:[^\\]|\\[^u])*\\u', re.DOTALL)
NAMES = (b"count", b"events")


class HexNumbers:
    """To be given all lines, in their order."""

    def __init__(self, happens: bool) -> None:
        """@happens: with this version."""
        self._happens = happens
        self._is_hex = False

    def decimal(self, line: bytes) -> bytes:
        """The line as it should be."""
        if self._happens:
            if line.startswith(BEGINNINGS):
                return STRING.sub(self._corrected, line)
            self._look_for_escaped(line)
        return line

    def _look_for_escaped(self, text: bytes) -> None:
        if not self._is_hex and b"\\u" in text:
            self._is_hex = ESCAPED.match(text) is not None

    def _corrected(self, match: re.Match[bytes]) -> bytes:
        name, number = match.groups()
        self._look_for_escaped(name)
        if not self._is_hex or number is None or name not in NAMES:
            return match[0]
        return b'"%s": %d' % (name, int(number, 16))
