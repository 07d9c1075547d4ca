# SPDX-License-Identifier: BSD-2-Clause
"""Calls f() in children that end in a way that Python knows nothing of.

usage: ending.py WAY

Prints how often f() was called: by each child 1000 times, but with the way "meanwhile" until it
is killed.
"""

import mmap
import multiprocessing
import os
import random
import signal
import sys
import threading
import time

CHILDREN = 40
CALLS = 1000


def f():
    pass


def calls(count):
    for _ in range(count):
        f()
    return count


def end_by_signal(number):
    os.kill(os.getpid(), number)
    signal.pause()


def in_a_thread():
    """The main thread waits, other threads have ended or wait."""
    done = threading.Thread(target=calls, args=(CALLS // 2,))
    done.start()
    done.join()
    threading.Thread(target=lambda: (calls(CALLS // 2), os._exit(0))).start()
    threading.Event().wait()


ENDS = {
    "sigkill": lambda: end_by_signal(signal.SIGKILL),
    "sigterm": lambda: end_by_signal(signal.SIGTERM),
    "exit": lambda: os._exit(0),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "exec_that_fails": lambda: os.execvp("true", ["true"]),
}


def children(end):
    for _ in range(CHILDREN):
        child = os.fork()
        if not child:
            if end == "thread":
                in_a_thread()
            calls(CALLS)
            ENDS[end]()
        os.waitpid(child, 0)
    return CHILDREN * CALLS


def killed_meanwhile():
    """A call may be counted that its counter is not yet."""
    counters = memoryview(mmap.mmap(-1, CHILDREN * 8)).cast("Q")
    for i in range(CHILDREN):
        child = os.fork()
        while not child:
            f()
            counters[i] += 1
        while not counters[i]:
            time.sleep(0.001)
        time.sleep(random.random() / 50)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return sum(counters)


def pools():
    for _ in range(5):
        workers = multiprocessing.get_context("fork").Pool(2)
        workers.map(calls, [CALLS] * 8)
        workers.terminate()
        workers.join()
    return 40 * CALLS


if __name__ == "__main__":
    way = sys.argv[1]
    others = {"meanwhile": killed_meanwhile, "pool": pools}
    print(others[way]() if way in others else children(way), flush=True)
