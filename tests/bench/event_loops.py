# SPDX-License-Identifier: BSD-2-Clause
"""Run under callgrind by events.py: loops that make one kind of event many times.

Prints, as JSON, what each region of the run is: event, loop, variant, size, and how many
of the events a loop of that size makes.
"""

import gc
import json
import sys

import pyusdt
import semaphores
from variants import load_floor, monitor

SIZES = 400, 1400


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


def number_of_events(event, loop, size):
    count = 0

    def callback(*_):
        nonlocal count
        count += 1

    with monitor([event], callback):
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
        with monitor([event], floor.noop):
            measure(event, loop, "noop")
        with semaphores.watched(event):
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
