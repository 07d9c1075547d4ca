# SPDX-License-Identifier: BSD-2-Clause
"""Evaluates the expressions it is given, one a line, and prints each result as JSON."""

import gc
import json
import os
import sys
import threading
import time

import pyusdt
import resources


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


def run_in_child(times):
    """The id of a child that has done it."""
    child = os.fork()
    if not child:
        run(times)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    return child


def start_child(times):
    """The id of a child that does it once its own watcher has set events."""
    child = os.fork()
    if not child:
        while not instrumented():
            time.sleep(0.01)
        run(times)
        os._exit(0)
    return child


def wait_for(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def tool():
    """The id that pyusdt has, or None."""
    ids = [tool for tool in range(6) if sys.monitoring.get_tool(tool) == "pyusdt"]
    return ids[0] if ids else None


def instrumented():
    """The names of the sys.monitoring events that are set for pyusdt's tool id."""
    if tool() is None:
        return None
    events = sys.monitoring.get_events(tool())
    names = vars(sys.monitoring.events).items()
    return sorted(n for n, bit in names if bit and bit & events == bit)


def hooks():
    """What is set beside that: callbacks of gc, events of imports and of threads."""
    bootstrap = sys.modules["_frozen_importlib"]
    functions = (bootstrap._find_and_load, threading.Thread._bootstrap_inner)
    local = [sys.monitoring.get_local_events(tool(), f.__code__) for f in functions]
    return [len(gc.callbacks), *map(bool, local)]


def define(name):
    """A function of that name, in a code object of its own that ends with it."""
    exec(f"def {name}(): pass", globals())
    globals()[name]()


def forget(name):
    del globals()[name]
    gc.collect()


def settle():
    """Look for tracers now, rather than at the next tick."""
    pyusdt.poll()
    return instrumented()


for line in sys.stdin:
    print(json.dumps(eval(line)), flush=True)
