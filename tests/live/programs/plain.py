# SPDX-License-Identifier: BSD-2-Clause
"""A program that has nothing of pyusdt: it makes system calls, and writes down by whom.

usage: plain.py REFERENCE

For each line on stdin it makes a round of calls to clock_nanosleep(2) in a thread that has been
waiting since the beginning, in a child and here, and says "done". REFERENCE gets a line for
each call: the process, and its stack, outermost first, as folded stacks have it, with the
lines that run.
"""

import os
import sys
import threading
import time

turn, done = threading.Semaphore(0), threading.Semaphore(0)


def write_down(frame):
    names = []
    while frame:
        code = frame.f_code
        names.append(f"{code.co_qualname} ({code.co_filename}:{frame.f_lineno})")
        frame = frame.f_back
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()} {';'.join(reversed(names))}\n")


def called():
    # In one line; long enough to be seen in a sum of microseconds.
    write_down(sys._getframe()), time.sleep(0.001)


def direct():
    called()


def through_generator(depth):
    for _ in (
        called()
        for _ in range(2)
    ):
        pass
    if depth:
        through_generator(
            depth - 1
        )


class Method:
    def __call__(self):
        sorted([2, 1], key=lambda number: called() or number)


def work():
    direct()
    through_generator(3)
    Method()()


def wait_and_work():
    while True:
        turn.acquire()
        work()
        done.release()


def main():
    threading.Thread(target=wait_and_work, daemon=True).start()
    print("ready", flush=True)
    for _ in sys.stdin:
        turn.release()
        done.acquire()
        child = os.fork()
        if not child:
            work()
            os._exit(0)
        os.waitpid(child, 0)
        work()
        print("done", flush=True)


main()
