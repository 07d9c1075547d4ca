# SPDX-License-Identifier: BSD-2-Clause
"""Calls f() so often as it says itself, in ways and with ends of all kinds.

usage: counting.py WAY

Prints how often, when it knows; what it cannot print itself its parent does.
"""

import asyncio
import multiprocessing
import os
import sys
import threading
import time

import pyusdt  # where multiprocessing starts another Python


def f():
    pass


def calls(count):
    for _ in range(count):
        f()
    return count


def long_enough():
    """Longer than from one announcement to the next."""
    count, end = 0, time.monotonic() + 2.5
    while time.monotonic() < end:
        count += calls(1000)
    return count


def say(count):
    print(count, flush=True)


def wait_for(child):
    os.waitpid(child, 0)


def normal():
    say(calls(1000))


def told_meanwhile():
    say(long_enough())


def sys_exit():
    say(calls(1000))
    sys.exit(0)


def atexit_handler():
    import atexit

    atexit.register(calls, 500)
    say(calls(1000) + 500)


def exception():
    say(calls(1000))
    sys.excepthook = lambda *_: None
    raise ValueError


def threads():
    workers = [threading.Thread(target=calls, args=(1000,)) for _ in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    say(20_000)


def forked():
    calls(1000)
    child = os.fork()
    if not child:
        calls(500)
        sys.exit()
    wait_for(child)
    say(1500 + calls(100))


def process(method):
    context = multiprocessing.get_context(method)
    worker = context.Process(target=calls, args=(1000,))
    worker.start()
    worker.join()
    say(1000 + calls(10))


def pool():
    with multiprocessing.get_context("fork").Pool(2) as workers:
        workers.map(calls, [1000] * 10)
        workers.close()
        workers.join()
    say(10_000)


def code_that_goes():
    for number in range(200):
        exec("def f(): pass\nfor _ in range(10): f()", {})
    say(2000)


def generators():
    def numbers(count):
        for _ in range(count):
            f()
            yield

    for _ in numbers(300):
        pass
    say(300)


def coroutines():
    async def work(count):
        for _ in range(count):
            f()
            await asyncio.sleep(0)

    async def all_work():
        await asyncio.gather(*(work(100) for _ in range(10)))

    asyncio.run(all_work())
    say(1000)


def greenlets():
    import greenlet

    def work(count):
        for _ in range(count):
            f()
            main.switch()

    main = greenlet.getcurrent()
    workers = [greenlet.greenlet(work) for _ in range(10)]
    for _ in range(101):
        for worker in workers:
            worker.switch(100)
    say(1000)


def gevent_server():
    import gevent
    import gevent.server
    import gevent.socket

    def rest():
        f()
        gevent.sleep(0.02)

    def answer(connection, address):
        rest()
        connection.sendall(b"done")

    def ask():
        with gevent.socket.create_connection(server.address) as connection:
            assert connection.recv(4) == b"done"

    server = gevent.server.StreamServer(("127.0.0.1", 0), answer)
    server.start()
    clients = [gevent.spawn(ask) for _ in range(60)]
    gevent.joinall(clients, raise_error=True)
    server.stop()
    say(60)


WAYS = {
    "process_fork": lambda: process("fork"),
    "process_spawn": lambda: process("spawn"),
    "process_forkserver": lambda: process("forkserver"),
}


if __name__ == "__main__":
    way = sys.argv[1]
    WAYS.get(way, globals().get(way))()
