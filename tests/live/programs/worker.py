# SPDX-License-Identifier: BSD-2-Clause
"""Evaluates the expressions it is given, one a line, and prints each result as JSON."""

import json
import sys
import threading

import pyusdt


def work():
    return helper(1)


def helper(number):
    return number + 1


def run(times):
    for _ in range(times):
        work()
    return times


def run_in_threads(threads, times):
    workers = [threading.Thread(target=run, args=(times,)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return threads * times


def instrumented():
    """The names of the sys.monitoring events that are set for pyusdt's tool id."""
    for tool in range(6):
        if sys.monitoring.get_tool(tool) == "pyusdt":
            events = sys.monitoring.get_events(tool)
            names = vars(sys.monitoring.events).items()
            return sorted(n for n, bit in names if bit and bit & events == bit)
    return None


def settle():
    """Look for tracers now, rather than at the next tick."""
    pyusdt.poll()
    return instrumented()


for line in sys.stdin:
    print(json.dumps(eval(line)), flush=True)
