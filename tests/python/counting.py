# SPDX-License-Identifier: BSD-2-Clause
"""What the binding has for profiles, by plain callbacks: slow, and for one thread. And what is
to be the same as in a profile of cProfile.
"""

import sys
import time

EVENTS = sys.monitoring.events
TOOL = 5


class Entry:
    def __init__(self, parent, code):
        self.parent = parent
        self.code = code
        self.below = {}
        self.calls = self.own = self.total = self.max = self.resumes = self.exceptions = 0


class Binding:
    """Python functions only. Each has its own path, or one entry, as the flags say."""

    PROFILE_TREE = 1
    PROFILE_C_FUNCTIONS = 2

    def profile_begin(self, flags):
        self.has_tree = flags & self.PROFILE_TREE
        self.entries = []
        self.roots = {}
        self.open = []
        self.last = time.perf_counter_ns()
        callbacks = {
            EVENTS.PY_START: lambda code, offset: self.enter(code, False),
            EVENTS.PY_RESUME: lambda code, offset: self.enter(code, True),
            EVENTS.PY_THROW: lambda code, offset, error: self.enter(code, True),
            EVENTS.PY_RETURN: lambda code, offset, value: self.leave(code, False),
            EVENTS.PY_YIELD: lambda code, offset, value: self.leave(code, False),
            EVENTS.PY_UNWIND: lambda code, offset, error: self.leave(code, True),
        }
        sys.monitoring.use_tool_id(TOOL, "counting")
        for event, callback in callbacks.items():
            sys.monitoring.register_callback(TOOL, event, callback)
        sys.monitoring.set_events(TOOL, sum(callbacks))

    def profile_end(self):
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)

    def profile_free(self):
        self.roots = {}

    def profile_nodes(self):
        numbers = {entry: number for number, entry in enumerate(self.entries)}
        codes = list(dict.fromkeys(entry.code for entry in self.entries))
        return [
            (numbers.get(entry.parent, -1), codes.index(entry.code), entry.code.co_name,
             entry.code.co_qualname, entry.code.co_filename, entry.code.co_firstlineno,
             entry.calls, entry.own, entry.total, entry.max, entry.resumes, entry.exceptions)
            for entry in self.entries
        ]

    def enter(self, code, resumes):
        if code.co_filename == __file__:
            return
        self.charge()
        parent = self.open[-1][0] if self.open and self.has_tree else None
        below = parent.below if parent else self.roots
        if code not in below:
            below[code] = Entry(parent, code)
            self.entries.append(below[code])
        below[code].resumes += resumes
        below[code].calls += not resumes
        self.open.append((below[code], self.last))

    def leave(self, code, raises):
        self.charge()
        if not self.open or self.open[-1][0].code is not code:
            return  # entered before this began
        entry, since = self.open.pop()
        entry.exceptions += raises
        entry.max = max(entry.max, self.last - since)
        if entry not in (other for other, _ in self.open):
            entry.total += self.last - since

    def charge(self):
        now = time.perf_counter_ns()
        if self.open:
            self.open[-1][0].own += now - self.last
        self.last = now


def comparable(stats, c_functions=False):
    """{function: (outermost calls, calls, {caller: the same, the other way round})} of what
    pstats has read."""
    # From 3.14 on cProfile has functions in C whatever it is told, among the callers, too.
    has_callers = c_functions or sys.version_info < (3, 14)

    def is_compared(function):
        file, _, name = function
        # Of functions of one line with one name it forgets all but one. How it is ended
        # itself it counts, too.
        return ((file != "~" or c_functions) and "_lsprof" not in name
                and file != "<string>" and name != "<lambda>")

    return {
        function: (cc, nc, {caller: numbers[:2] for caller, numbers in callers.items()
                            if has_callers and is_compared(caller)})
        for function, (cc, nc, _, _, callers) in stats.items() if is_compared(function)
    }
