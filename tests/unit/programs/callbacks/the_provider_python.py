# SPDX-License-Identifier: BSD-2-Clause
"""What the probes of the provider python should have told of what the recorder noted."""

NAMES = dict.fromkeys(("PY_START", "PY_RESUME", "PY_THROW"), "PYTHON_FUNCTION_ENTRY")
NAMES |= dict.fromkeys(("PY_RETURN", "PY_YIELD", "PY_UNWIND"), "PYTHON_FUNCTION_RETURN")
NAMES["LINE"] = "PYTHON_LINE"


def compare_python():
    want = [(NAMES[t[0]], t[2], t[1], line) for t, line in zip(theirs, lines)]
    ours = core.records("workload.py")
    for mine, other in zip(ours, want):
        same(mine, other)
    same(len(ours), len(want))
    depth = 0
    for event, *rest in ours:
        depth += event == "PYTHON_FUNCTION_ENTRY"
        assert depth > 0
        depth -= event == "PYTHON_FUNCTION_RETURN"
    same(depth, 0)
    return len(ours)
