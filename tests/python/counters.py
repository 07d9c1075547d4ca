# SPDX-License-Identifier: BSD-2-Clause
"""Calls of functions, counted three times at once: by pyusdt, cProfile and sys.monitoring."""

import _lsprof
import collections
import contextlib
import cProfile
import sys

from pyusdt import _pyusdt

TOOL = 1
EVENTS = sys.monitoring.events
ACTIVATIONS = EVENTS.PY_START, EVENTS.PY_RESUME, EVENTS.PY_THROW
NODE = (
    "parent", "code_id", "name", "qualname", "filename", "first_line", "calls", "own_ns",
    "total_ns", "max_ns", "resumes", "exceptions",
)
Node = collections.namedtuple("Node", NODE)
# What begins and ends the counting itself is counted by some of them only.
OURS = ("_lsprof.Profiler", "sys.monitoring.", "_pyusdt.")


def nodes():
    return [Node(*node) for node in _pyusdt.profile_nodes()]


@contextlib.contextmanager
def profile(flags=0):
    _pyusdt.profile_begin(flags)
    try:
        yield
    finally:
        _pyusdt.profile_end()


def use_monitoring(callback):
    """Have it called with the code object of each activation, from set_events() on."""
    sys.monitoring.use_tool_id(TOOL, "test")
    for event in ACTIVATIONS:
        sys.monitoring.register_callback(TOOL, event, callback)


def end_monitoring():
    for event in ACTIVATIONS:
        sys.monitoring.register_callback(TOOL, event, None)
    sys.monitoring.free_tool_id(TOOL)


def key(code):
    return code.co_qualname, code.co_filename, code.co_firstlineno


def is_other(name):
    """Is it nothing of these counters?"""
    file = name[1] if isinstance(name, tuple) else ""
    text = name if isinstance(name, str) else ""
    return not file.endswith("cProfile.py") and not any(part in text for part in OURS)


def of_nodes(counted):
    """{key, or name of a function of C: activations}"""
    counts = collections.Counter()
    for node in counted:
        name = node.qualname, node.filename, node.first_line
        counts[node.name if node.filename == "~" else name] += node.calls + node.resumes
    return counts


def of_cprofile(profiler):
    counts = collections.Counter()
    for entry in profiler.getstats():
        name = entry.code if isinstance(entry.code, str) else key(entry.code)
        counts[name] += entry.callcount
    return counts


def differences(ours, others):
    """{name: (ours, others')} where they are not the same."""
    return {
        name: (ours[name], others[name])
        for name in ours.keys() | others.keys()
        if ours[name] != others[name] and is_other(name)
    }


def count(function, flags=0, with_cprofile=True):
    """Run it. Returns: our nodes, and two dicts of differences."""
    profiler = cProfile.Profile(builtins=bool(flags & _pyusdt.PROFILE_C_FUNCTIONS))
    append = (seen := []).append
    use_monitoring(lambda code, *_: append(code))
    # From here to the end only functions of C, so that nothing else is counted.
    sys.monitoring.set_events(TOOL, sum(ACTIVATIONS))
    _pyusdt.profile_begin(flags)
    if with_cprofile:
        _lsprof.Profiler.enable(profiler, builtins=bool(flags & _pyusdt.PROFILE_C_FUNCTIONS))
    try:
        function()
    finally:
        _lsprof.Profiler.disable(profiler)
        _pyusdt.profile_end()
        sys.monitoring.set_events(TOOL, 0)
        end_monitoring()
    counted = nodes()
    _pyusdt.profile_free()
    ours = of_nodes(counted)
    of_python = collections.Counter({k: n for k, n in ours.items() if isinstance(k, tuple)})
    from_monitoring = differences(of_python, collections.Counter(map(key, seen)))
    from_cprofile = differences(ours, of_cprofile(profiler)) if with_cprofile else {}
    return counted, from_monitoring, from_cprofile
