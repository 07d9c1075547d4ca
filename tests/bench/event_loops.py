# SPDX-License-Identifier: BSD-2-Clause
"""Run under callgrind by events.py: loops that make one kind of event many times.

Prints, as JSON, what each region of the run is: event, loop, variant, size, and how many
of the events a loop of that size makes.
"""

import gc
import importlib.machinery
import importlib.util
import json
import os
import sys

import pyusdt
from semaphores import Semaphores

SIZES = 400, 1400
TOOL = 1

monitoring = sys.monitoring


def load_floor():
    path = os.environ["PYUSDT_BENCH_FLOOR"]
    loader = importlib.machinery.ExtensionFileLoader("floor", path)
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("floor", loader)
    )
    loader.exec_module(module)
    return module


def nothing():
    pass


def same(value):
    return value


def calls(size):
    for _ in range(size):
        nothing()


def small_ints(size):
    for _ in range(size):
        same(7)


def ints(size):
    for _ in range(size):
        same(1234567)


def strings(size):
    for _ in range(size):
        same("a string of thirty characters.")


def c_calls(size):
    for _ in range(size):
        len(())


class Object:
    def method(self):
        pass


def method_calls(size):
    thing = Object()
    for _ in range(size):
        thing.method()


def yielder(size):
    for _ in range(size):
        yield 7


def generator(size):
    for _ in yielder(size):
        pass


def lines(size):
    for _ in range(size):
        a = 1
        b = 2
        a = b
        b = a
        a = 1
        b = 2
        a = b
        b = a


# (event, loop): what is counted of which.
CASES = [
    ("PY_START", calls),
    ("PY_RESUME", generator),
    ("PY_RETURN", small_ints),
    ("PY_RETURN", ints),
    ("PY_RETURN", strings),
    ("PY_RETURN", calls),
    ("PY_YIELD", generator),
    ("LINE", lines),
    ("CALL", calls),
    ("CALL", method_calls),
    ("CALL", c_calls),
]


class Monitor:
    """A tool of sys.monitoring with the given callback for one event."""

    def __init__(self, event, callback):
        self._event = getattr(monitoring.events, event)
        self._callback = callback

    def __enter__(self):
        monitoring.use_tool_id(TOOL, "bench")
        monitoring.register_callback(TOOL, self._event, self._callback)
        monitoring.set_events(TOOL, self._event)

    def __exit__(self, *exception):
        monitoring.set_events(TOOL, 0)
        monitoring.register_callback(TOOL, self._event, None)
        monitoring.free_tool_id(TOOL)


class Watched:
    """pyusdt with a probe that has a tracer, as far as it can tell."""

    semaphores = Semaphores()

    def __init__(self, *events):
        self._events = events

    def __enter__(self):
        self.semaphores.watch(self._events)
        pyusdt.poll()
        assert pyusdt.active(), "nothing is instrumented"

    def __exit__(self, *exception):
        self.semaphores.watch(())
        pyusdt.poll()
        assert not pyusdt.active(), "something is still instrumented"


def number_of_events(event, loop, size):
    count = 0

    def callback(*_):
        nonlocal count
        count += 1

    with Monitor(event, callback):
        loop(size)
    return count


def main():
    floor = load_floor()
    regions = []

    def measure(event, loop, variant):
        loop(100)
        for size in SIZES:
            floor.region(loop, size)
            regions.append([event, loop.__name__, variant, size])

    gc.disable()
    pyusdt.enable()
    counts = {}
    for event, loop in CASES:
        counts[event, loop] = [number_of_events(event, loop, size) for size in SIZES]
        measure(event, loop, "untraced")
        with Monitor(event, floor.noop):
            measure(event, loop, "noop")
        with Watched(event):
            measure(event, loop, "watched")
    json.dump(
        {
            "regions": regions,
            "events": [
                [event, loop.__name__, larger - smaller]
                for (event, loop), (smaller, larger) in counts.items()
            ],
        },
        sys.stdout,
    )


main()
