# SPDX-License-Identifier: BSD-2-Clause
"""The lines by which a script tells the frames of a Python stack, bt/stack.bth.

STACK, key, depth, function, file, first line, offset, process, code object's address; where
pyusdt-trace has written it, the line that runs, 0 where it is not known. From a script that
is not ours the last three may be missing.
"""

import re

MARK = "STACK\t"
FIELDS = 8  # after the mark, before the line that runs

# A name may have tabs. The 0x tells an address from a number, and so both forms apart.
PATTERN = re.compile(
    r"STACK\t(?:0x)?([0-9a-fA-F]{1,16})\t(\d+)\t([^\t]*)\t(.*)\t(-?\d+)\t(-?\d+)"
    r"(?:\t(\d+)\t(0x[0-9a-f]{1,16})(?:\t(\d+))?)?\s*\Z",
    re.DOTALL,
)
