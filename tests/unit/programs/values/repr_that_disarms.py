# SPDX-License-Identifier: BSD-2-Clause
"""A __repr__ disarms, as `what` says, by itself and by another thread."""


def returns_disarmed(o):
    return o


def disarm():
    exec(what)
    core.clear()
    return "text"


def told():
    files = {f.__code__.co_filename for f in (disarm, returns)}
    return [r for file in files for r in core.records(file)]


core.enable(core.ALL)
returns_disarmed(C(disarm))
same(core.enabled(), 0)
same(told(), [])

# By another thread, which the __repr__ waits for.
import threading

inside, done = threading.Event(), threading.Event()


def wait():
    inside.set()
    done.wait()
    return "text"


def other():
    inside.wait()
    disarm()
    done.set()


core.values(REPR)
thread = threading.Thread(target=other)
thread.start()
core.enable(core.ALL)
returns_disarmed(C(wait))
thread.join()
same(core.enabled(), 0)
same(told(), [])
