# SPDX-License-Identifier: BSD-2-Clause
"""Functions with names that nobody would give them, each called once, see record."""

import pyusdt

NAMES = [
    "f", "a b", "a,b", "(a, b)", 'q"\\n\\', "é日本", "\x1b[31m", "\x9b5m\x85", "\a\b\x7f",
    "a\u202eb\u2066", "ls\u2028ps\u2029", "t\tn\nr\r", "@calls[f, g, 1]: 3",
    "\n@stacks[0, ]: 999999\n", "\n    vfs_read+1\n", "\udc80x\ud800", "x" * 100,
]


def named(name, line):
    def function():
        pass

    function.__code__ = function.__code__.replace(
        co_name=name, co_qualname=name, co_filename="names of all kinds.py",
        co_firstlineno=line,
    )
    return function


pyusdt.enable(pyusdt.Event.PY_START)
for number, name in enumerate(NAMES):
    named(name, number)()
pyusdt.disable()
