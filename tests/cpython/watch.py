# SPDX-License-Identifier: BSD-2-Clause
"""One bpftrace on every probe of both providers, for all processes, and what it counted."""

import contextlib
import os
import sys

from lists import HERE

# In every module's run, whatever its tests are about.
IN_EVERY_PROGRAM = {
    "pyusdt": (
        "PY_START PY_RETURN PY_UNWIND CALL LINE RAISE EXCEPTION_HANDLED C_RETURN C_RAISE"
        " JUMP INSTRUCTION IMPORT_START IMPORT_DONE CODE"
    ).split(),
    "python": ["function__entry", "function__return", "line"],
}

# More processes than bpftrace has room for by itself; the name is not the same in all versions.
ROOM = {"BPFTRACE_MAP_KEYS_MAX": "65536", "BPFTRACE_MAX_MAP_KEYS": "65536"}


def script(library):
    """Cheap bodies: this is about what the probes do to the program."""
    return (
        f"usdt:{library}:pyusdt:* {{ @pyusdt[probe] = count(); }}"
        f" usdt:{library}:python:* {{ @python[probe] = count(); }}"
        f" usdt:{library}:pyusdt:PY_START {{ @processes[pid] = count(); }}"
    )


class Watch:
    """Entered, bpftrace is attached; left, `events` and `processes` are known."""

    def __init__(self, builddir):
        os.environ.update(ROOM, PYUSDT_BUILDDIR=str(builddir))
        sys.path += [str(HERE.parent / "live"), str(HERE.parent)]
        import live  # needs PYUSDT_BUILDDIR

        self._live = live
        self.why_not = live.why_not()
        self.events = {}
        self.processes = {}

    def __enter__(self):
        self._tracer = self._live.Tracer(script(self._live.LIBRARY))
        return self

    def __exit__(self, *exception):
        with contextlib.ExitStack() as stack:
            stack.callback(self._tracer.kill)
            output = self._tracer.stop()
        for provider in IN_EVERY_PROGRAM:
            for name, count in self._live.counts(output, provider).items():
                self.events[provider, name.rpartition(":")[2]] = int(count)
        self.processes = {
            int(pid): int(count)
            for pid, count in self._live.counts(output, "processes").items()
        }

    def missing(self, fired_by_python):
        """The probes that every program must have hit, and that were not hit at all."""
        wanted = [
            (provider, name)
            for provider, names in IN_EVERY_PROGRAM.items()
            for name in names
        ]
        return [
            f"{provider}:{name}"
            for provider, name in wanted
            if not self.events.get((provider, name)) and name not in fired_by_python
        ]

    def table(self):
        width = max((len(name) for _, name in self.events), default=0)
        for (provider, name), count in sorted(self.events.items(), key=lambda row: -row[1]):
            yield f"  {provider}:{name:<{width}} {count:>12}"

