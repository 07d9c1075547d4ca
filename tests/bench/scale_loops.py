# SPDX-License-Identifier: BSD-2-Clause
"""Run under callgrind by scale.py: does an event cost as much at any depth, and with any
number of code objects?

usage: scale_loops.py (depth | codes) NUMBER...

Two regions for each number, of EVENTS events: the no-op callback, and PY_START watched.
"""

import gc
import sys

import pyusdt
import semaphores
from variants import load_floor, monitor

EVENTS = 1000  # as in scale.py


def nothing():
    pass


def call(functions):
    for function in functions:
        function()


def at_depth(depth, function, *args):
    return at_depth(depth - 1, function, *args) if depth else function(*args)


def clones(count):
    """Functions with code objects of their own."""
    code = nothing.__code__
    function = type(nothing)
    return [function(code.replace(co_name=f"f{i}"), globals()) for i in range(count)]


def measure(floor, depth, functions):
    """Every code object has had its first event before."""
    chosen = functions[:: max(1, len(functions) // EVENTS)][:EVENTS]
    for context in monitor(["PY_START"], floor.noop), semaphores.watched("PY_START"):
        with context:
            call(functions)
            call(chosen)
            at_depth(depth, floor.region, call, chosen)


def main():
    kind, *numbers = sys.argv[1:]
    sys.setrecursionlimit(1_000_000)
    gc.disable()
    floor = load_floor()
    pyusdt.enable()
    for number in map(int, numbers):
        if kind == "depth":
            measure(floor, number, [nothing] * EVENTS)
        else:
            measure(floor, 0, clones(number))


main()
