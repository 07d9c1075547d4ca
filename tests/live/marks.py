# SPDX-License-Identifier: BSD-2-Clause
"""Stacks that a tracer saw against those that programs/stacks.py recorded itself.

A script prints, with tabs between: STACK, key, depth (0: innermost), qualified name, file,
first line, bytecode offset, and what else there is, of which the last one is the line that runs
where pyusdt-trace has written it; and MARK, path, key.
"""

import json
import pathlib

# bpftrace 0.17 cuts strings here; of a file the end is shown.
CUT = 63


def parse(output, mark):
    """Returns: {key: [frame]}, {number: key}."""
    stacks, marks = {}, {}
    for line in output.splitlines():
        kind, *words = line.split("\t")
        if kind == "STACK":
            key, depth, qualname, file, first_line, offset, *rest = words
            frame = [qualname, file, int(first_line), int(offset), *map(int, rest[2:])]
            stacks.setdefault(key, {})[int(depth)] = frame
        elif kind == "MARK" and words[0].startswith(mark):
            marks[int(words[0].removeprefix(mark))] = words[1]
    stacks = {key: [frames[n] for n in range(len(frames))] for key, frames in stacks.items()}
    return stacks, marks


def compare(test, reference, stacks, marks):
    """Returns: how many were compared."""
    recorded = json.loads(pathlib.Path(reference).read_text())
    for number, (case, frames) in recorded.items():
        with test.subTest(case=case, number=number):
            seen = stacks[marks[int(number)]]
            test.assertEqual(seen[0][0], "mark")
            size = len(seen[0])
            test.assertEqual(
                [[name[:CUT], file[-CUT:], *rest] for name, file, *rest in seen[1:]],
                [[name[:CUT], file[-CUT:], *rest][:size] for name, file, *rest in frames],
            )
    return len(recorded)
