# SPDX-License-Identifier: BSD-2-Clause
"""Run under callgrind by instructions.py: workloads in several variants.

usage: counted.py SIZE TIMES WARM,... WORKLOAD:VARIANT...

The workloads WARM are run before: what CPython makes of the code of one depends on what else
it has run, up to 7 % of the instructions. Then each is 1 + TIMES regions: the first run, in
which CPython adapts and instruments the code, and those after it. What a workload returns must
not vary.
"""

import contextlib
import functools
import importlib
import sys
import threading

from variants import VARIANTS, entered, load_floor, settle

WARM_UP = 2


def count_threads(floor):
    """Let callgrind count what threads of the program do."""
    run = threading.Thread.run

    def counted_run(self):
        floor.thread(run, self)

    threading.Thread.run = counted_run


@contextlib.contextmanager
def watched(variant):
    if not variant.watched:
        yield
        return
    # Not earlier: there must be variants without the library.
    import pyusdt
    import semaphores

    with semaphores.watched(*variant.watched):
        if not pyusdt.active():
            raise RuntimeError(f"{variant.name}: nothing is watched")
        yield


@functools.cache
def warm(name, size):
    """Returns: the workload's function, and what it returns."""
    run = importlib.import_module(f"workloads.{name}").run
    (result,) = {run(size) for _ in range(WARM_UP)}
    return run, result


def main():
    size, times = map(int, sys.argv[1:3])
    pairs = [word.split(":", 1) for word in sys.argv[4:]]
    floor = load_floor()
    # Time is slow here: as often per instruction as it would be elsewhere.
    sys.setswitchinterval(0.5)
    for name in sys.argv[3].split(","):
        warm(name, size)
    count_threads(floor)
    for name, variant in pairs:
        run, result = warm(name, size)
        with entered(VARIANTS[variant], floor), watched(VARIANTS[variant]):
            for _ in range(1 + times):
                settle()
                if floor.region(run, size) != result:
                    raise RuntimeError(f"{name} has another result in {variant}")


main()
