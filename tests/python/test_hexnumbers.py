# SPDX-License-Identifier: BSD-2-Clause
"""Counts that bpftrace has written in hexadecimal, and others that only look so."""

import unittest

from pyusdt.bpftrace.hexnumbers import HexNumbers

# As 0.27 has printed them: 20 of each.
BEFORE = b'{"type": "hist", "data": {"@h": [{"min": 16, "max": 31, "count": 20}]}}\n'
AFTER = b'{"type": "hist", "data": {"@h": [{"min": 16, "max": 31, "count": 14}]}}\n'
ESCAPED = b'{"type": "printf", "data": "a\\u001bb 255\\n"}\n'


class Decimal(unittest.TestCase):
    def read(self, *lines: bytes, happens: bool = True) -> bytes:
        """The last line."""
        numbers = HexNumbers(happens)
        return [numbers.decimal(line) for line in lines][-1]

    def test_after_a_character_that_is_escaped(self) -> None:
        self.assertEqual(self.read(BEFORE), BEFORE)
        self.assertEqual(self.read(ESCAPED, AFTER), BEFORE)
        # From then on.
        self.assertEqual(self.read(ESCAPED, b'{"type": "printf", "data": "x"}\n', AFTER), BEFORE)
        self.assertEqual(self.read(ESCAPED, AFTER, happens=False), AFTER)

    def test_not_after_others(self) -> None:
        for text in rb"a\nb\"\t", rb"C:\\user", rb"\\\\u0041", rb"plain u001b":
            line = b'{"type": "printf", "data": "%s"}\n' % text
            self.assertEqual(self.read(line, BEFORE), BEFORE)
        self.assertEqual(self.read(rb'{"type": "printf", "data": "\\\u001b"}', AFTER), BEFORE)

    def test_within_a_line(self) -> None:
        line = (b'{"type": "hist", "data": {"@h": {"a": [{"min": 1, "max": 1, "count": 10}], '
                b'"\\uffffffc3\\uffffffa9": [{"min": 10, "max": 20, "count": a}, '
                b'{"min": 30, "max": 40, "count": 1f4}], "count": [{"max": 9, "count": 10}]}}}\n')
        self.assertEqual(
            self.read(line),
            line.replace(b'"count": a}', b'"count": 10}').replace(b'"count": 1f4}', b'"count": 500}')
            .replace(b'"max": 9, "count": 10}', b'"max": 9, "count": 16}'),
        )

    def test_what_a_name_says(self) -> None:
        line = (b'{"type": "hist", "data": {"@h": {"\\u001b\\"count\\": 14}, \\"count": '
                b'[{"min": 14, "max": 15, "count": 1}]}}}\n')
        self.assertEqual(self.read(line), line)
        line = b'{"type": "map", "data": {"@h": {"\\u001b": 14, "count": 14}}}\n'
        self.assertEqual(self.read(line), line)

    def test_lost_events(self) -> None:
        lost = b'{"type": "lost_events", "count": %s, "data": {"events": %s}}\n'
        self.assertEqual(self.read(lost % (b"10", b"10")), lost % (b"10", b"10"))
        self.assertEqual(self.read(ESCAPED, lost % (b"a", b"a")), lost % (b"10", b"10"))


if __name__ == "__main__":
    unittest.main()
