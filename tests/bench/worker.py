# SPDX-License-Identifier: BSD-2-Clause
"""A process that is one variant, for clock.py. Answers each line of standard input.

usage: worker.py VARIANT

  active            how many probes are watched, as far as pyusdt knows
  run WORKLOAD N    the nanoseconds of the process's CPU clock that run(N) took
  count WORKLOAD N EVENT   how many events of sys.monitoring run(N) makes
  calls DEPTH N     as run: N system calls, DEPTH Python functions deep
  threads T N       as run: N calls of a function, in T threads together
"""

import importlib
import os
import sys
import threading
import time

from variants import VARIANTS, entered, load_floor, monitor, settle


def nothing():
    pass


def call(count):
    for _ in range(count):
        nothing()


def call_in_threads(threads, count):
    others = [
        threading.Thread(target=call, args=(count // threads,))
        for _ in range(threads - 1)
    ]
    for other in others:
        other.start()
    call(count // threads)
    for other in others:
        other.join()


def system_calls(depth, count):
    if depth > 1:
        return system_calls(depth - 1, count)
    getppid = os.getppid
    for _ in range(count):
        getppid()


def timed(function, *args):
    settle()
    used = time.process_time_ns()
    function(*args)
    return (time.process_time_ns() - used,)


def workload(name):
    return importlib.import_module(f"workloads.{name}").run


def count_events(run, size, event):
    count = 0

    def callback(*_):
        nonlocal count
        count += 1

    with monitor([event], callback):
        run(size)
    return (count,)


def active():
    import pyusdt

    pyusdt.poll()
    return (pyusdt.active().value.bit_count(),)


def answer(words):
    match words:
        case ["active"]:
            return active()
        case ["run", name, size]:
            return timed(workload(name), int(size))
        case ["count", name, size, event]:
            return count_events(workload(name), int(size), event)
        case ["calls", depth, count]:
            return timed(system_calls, int(depth), int(count))
        case ["threads", threads, count]:
            return timed(call_in_threads, int(threads), int(count))
    raise ValueError(words)


def main():
    with entered(VARIANTS[sys.argv[1]], load_floor()):
        sys.setrecursionlimit(10000)
        for line in sys.stdin:
            print(*answer(line.split()), flush=True)


main()
