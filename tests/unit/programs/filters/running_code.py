# SPDX-License-Identifier: BSD-2-Clause
"""Frames that run already follow a change: of filters, and of what is watched."""

import threading

LOOP = """
def loop(step):
    for number in range(6):
        step(number)
        number += 0
        number += 0
"""


def lines(module, change):
    """What each turn of the loop tells, in which change() is called at its first line."""
    found = []

    def step(number):
        found.append([r[3] for r in core.records(f"/src/{module}.py") if r[0] == "LINE"])
        core.clear()
        change(number)

    step.__name__ = "step"
    core.clear()
    make(module, f"/src/{module}.py", LOOP)["loop"](step)
    return found


TURN = [5, 6, 3, 4]


def by_filters(number):
    if number == 1:
        same(core.filters("running.*"), 0)
    if number == 4:
        same(core.filters("nothing"), 0)


def by_tracer(number):
    core.watch(core.LINE if 1 <= number < 4 else 0)
    same(core.poll(), number in (1, 4))


WANTED = [[], [], TURN, TURN, TURN, []]
same(core.filters("nothing"), 0)
same(lines("running", by_filters), WANTED)
same(lines("left_out", by_filters), [[]] * 6)
same(core.filters("running.*"), 0)
core.watch(0)
core.poll()
same(lines("running", by_tracer), WANTED)
same(lines("left_out", by_tracer), [[]] * 6)

# In another thread, which this one has wait.
core.watch(core.LINE)
same(core.filters("nothing"), 0)
told, turn, done = [], threading.Semaphore(0), threading.Semaphore(0)


def wait(number):
    done.release()
    turn.acquire()


def worker():
    told.extend(lines("running", wait))


thread = threading.Thread(target=worker)
thread.start()
for number in range(6):
    done.acquire()
    by_filters(number)
    turn.release()
thread.join()
same(told, WANTED)
