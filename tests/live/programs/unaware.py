# SPDX-License-Identifier: BSD-2-Clause
"""A program that knows nothing of pyusdt. usage: unaware.py WHAT-IT-DOES

It does that until it gets SIGUSR1, then calls marker() 1000 times, says in a line of JSON
what there is in it, and begins anew.
"""

import gc
import hashlib
import json
import math
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time


class Woken(Exception):
    pass


def wake(number, frame):
    raise Woken


def marker(number):
    return number + 1


def end(thread):
    """It is not there any more, for the kernel, too."""
    if thread.ident:
        thread.join()
        while os.path.exists(f"/proc/self/task/{thread.native_id}"):
            os.sched_yield()


def ready():
    os.write(1, b"ready\n")


def step(number):
    return number + 1


def facts():
    tools = [sys.monitoring.get_tool(tool) for tool in range(6)]
    return {
        "tools": tools,
        "events": [name and sys.monitoring.get_events(tool) for tool, name in enumerate(tools)],
        "threads": len(os.listdir("/proc/self/task")),
        "modules": [name for name in sys.modules if "pyusdt" in name],
        "gc": len(gc.callbacks),
        "trace": [sys.gettrace() is not None, sys.getprofile() is not None],
    }


server = socket.create_server(("127.0.0.1", 0))
reader, writer = os.pipe()
epoll = select.epoll()
epoll.register(server, select.EPOLLIN)


def busy():
    number = 0
    while True:
        number = step(number)


def numbers():
    """Whatever disturbs a register or a flag shows in these."""
    expected = compute()
    while True:
        found = compute()
        if found != expected:
            os.write(1, f"wrong: {found}\n".encode())
            os._exit(1)


def compute():
    number = 1.0
    whole = 3
    for i in range(300):
        number = math.fma(number, 1.0000001, i) if hasattr(math, "fma") else number + i / 3
        whole = whole * 31 % (2**521 - 1) ^ i
    return number.hex(), whole, hashlib.sha256(str(whole).encode() * 99).hexdigest()


def with_threads():
    def run():
        while not ended.is_set():
            compute()

    ended = threading.Event()
    others = [threading.Thread(target=run) for _ in range(3)]
    try:
        for other in others:
            other.start()
        ready()
        busy()
    finally:
        ended.set()
        for other in others:
            end(other)


def in_a_lock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def join():
    held, release = os.pipe()
    other = threading.Thread(target=os.read, args=(held, 1))
    try:
        other.start()
        ready()
        other.join()
    finally:
        os.close(release)
        end(other)
        os.close(held)


def wait_for_child():
    # It ends with this program, whichever way that does.
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        child.wait()


def in_c():
    while True:
        sum(range(100000))


ALL = {
    "busy": busy,
    "numbers": numbers,
    "threads": with_threads,
    "c": in_c,
    "read": lambda: os.read(reader, 1),
    "sleep": lambda: time.sleep(1000),
    "pause": signal.pause,
    "lock": in_a_lock,
    "event": threading.Event().wait,
    "join": join,
    "accept": server.accept,
    "select": lambda: select.select([server], [], [], 1000),
    "poll": lambda: select.poll().poll(1000000),
    "epoll": lambda: epoll.poll(1000),
    "epoll for ever": epoll.poll,
    "child": wait_for_child,
}


def main():
    do = ALL[sys.argv[1]]
    signal.signal(signal.SIGUSR1, wake)
    while True:
        try:
            # Not before its threads are there: what wakes it would disturb their start.
            if do not in (with_threads, join):
                ready()
            while True:
                do()
        except Woken:
            pass
        for number in range(1000):
            marker(number)
        os.write(1, json.dumps(facts()).encode() + b"\n")


main()
