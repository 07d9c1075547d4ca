# SPDX-License-Identifier: BSD-2-Clause
"""Run under callgrind by instructions.py: one workload in several variants.

usage: counted.py WORKLOAD SIZE VARIANT...

Each variant is two regions: the first run, in which CPython adapts and instruments the
code, and a second one. Prints what the workload returned, which must not vary.
"""

import contextlib
import gc
import importlib
import sys
import threading

from variants import VARIANTS, entered, load_floor


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
    from semaphores import Semaphores

    with Semaphores().on(variant.watched):
        if not pyusdt.active():
            raise RuntimeError(f"{variant.name}: nothing is watched")
        yield


def settle():
    """As many objects to collect in every variant, however many modules it has loaded."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.collect()


def main():
    name, size, *names = sys.argv[1:]
    workload = importlib.import_module(f"workloads.{name}")
    floor = load_floor()
    # Time is slow here: as often per instruction as it would be elsewhere.
    sys.setswitchinterval(0.5)
    results = {workload.run(int(size)) for _ in range(3)}
    count_threads(floor)
    for variant in map(VARIANTS.__getitem__, names):
        with entered(variant, floor), watched(variant):
            for _ in range(2):
                settle()
                results.add(floor.region(workload.run, int(size)))
    if len(results) != 1:
        raise RuntimeError(f"{name} returned {results}")
    print(*results)


main()
