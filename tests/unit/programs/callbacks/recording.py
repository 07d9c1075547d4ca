# SPDX-License-Identifier: BSD-2-Clause
"""Starts and stops the recorder, and compares what it noted with what was emitted.

One event of sys.monitoring may be two of ours: the one of its name comes last.
"""


def sources(name):
    return needed(name)[1]


def callback(source, names):
    mine = sorted(
        (n for n in names if source in sources(n)), key=lambda name: name == source
    )

    def on(code, *arguments):
        if code.co_filename != "workload.py":
            return
        for name in mine:
            note(name, code, sys._getframe(1), *arguments)

    return on


def start(names):
    M.use_tool_id(0, "recorder")
    for source in set().union(*map(sources, names)):
        M.register_callback(0, EVENTS[source], callback(source, names))
    M.set_events(0, sum(EVENTS[name] for name in needed(*names)[0]))


def stop():
    M.set_events(0, 0)
    M.free_tool_id(0)


# The code ids are ours alone: one for each code object, and never the same.
def compare():
    ours = core.records("workload.py")
    ids = {}
    for mine, other in zip(ours, theirs):
        assert ids.setdefault(id(other[8]), mine[8]) == mine[8]
        assert mine[:8] + mine[9:] == other[:8] + other[9:], (mine, other)
    same(len(ours), len(theirs))
    assert len(set(ids.values())) == len(ids)
    return len(ours)
