#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Instructions per event, above an untraced program and above a no-op callback.

usage: python3.N tests/bench/events.py [--json]

PYUSDT_BUILDDIR is the top of the build tree (default: the current folder).
"""

import json
import os
import pathlib
import sys
from typing import NamedTuple

import callgrind

HERE = pathlib.Path(__file__).resolve().parent


class Cost(NamedTuple):
    """In instructions per event."""

    event: str
    loop: str
    untraced: float  # of the loop, per event
    noop: float  # the callback that does nothing, above untraced
    watched: float  # pyusdt, above untraced

    @property
    def above_noop(self):
        return self.watched - self.noop


def measure(builddir, shift=0):
    """Returns: a list of Cost."""
    output, counts = callgrind.count(
        [sys.executable, str(HERE / "event_loops.py")], builddir, shift
    )
    result = json.loads(output)
    regions = [tuple(region) for region in result["regions"]]
    if len(counts) < len(regions):
        raise RuntimeError(f"{len(counts)} counts of {len(regions)} regions")
    instructions = dict(zip(regions, counts))

    def per_event(event, loop, variant, events):
        smaller, larger = sorted(
            size for e, l, v, size in regions if (e, l, v) == (event, loop, variant)
        )
        difference = (
            instructions[event, loop, variant, larger]
            - instructions[event, loop, variant, smaller]
        )
        return difference / events

    costs = []
    for event, loop, events in result["events"]:
        untraced, noop, watched = (
            per_event(event, loop, variant, events)
            for variant in ("untraced", "noop", "watched")
        )
        costs.append(Cost(event, loop, untraced, noop - untraced, watched - untraced))
    return costs


def table(costs):
    lines = [f"{'event':<10} {'loop':<13} {'no-op':>7} {'pyusdt':>7} {'above':>7}"]
    for cost in costs:
        lines.append(
            f"{cost.event:<10} {cost.loop:<13} {cost.noop:7.1f} {cost.watched:7.1f}"
            f" {cost.above_noop:7.1f}"
        )
    return "\n".join(lines)


def main():
    builddir = pathlib.Path(os.environ.get("PYUSDT_BUILDDIR", ".")).resolve()
    reason = callgrind.why_not()
    if reason:
        print(reason)
        return 77
    costs = measure(builddir)
    if sys.argv[1:] == ["--json"]:
        print(json.dumps([cost._asdict() for cost in costs], indent=1))
    else:
        print("instructions per event, above an untraced program; pyusdt above the no-op")
        print(table(costs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
