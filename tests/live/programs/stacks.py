# SPDX-License-Identifier: BSD-2-Clause
"""Makes a system call of its own in every kind of frame, and records its stack there.

usage: stacks.py MARK REFERENCE [WORD...] - the calls open files MARK0, MARK1, ..., which are
not there; what sys._getframe() says of the stack at each is written to REFERENCE as JSON.

It needs no pyusdt, unless it is run by it. WORDS: single, without threads; exec=PYTHON, at
the end it becomes a program of that interpreter and does all of it again, with the names
MARKagain- and REFERENCE.again.
"""

import asyncio
import functools
import json
import os
import re
import signal
import sys
import threading
import time

try:
    import greenlet
except ImportError:
    greenlet = None

MARK, REFERENCE, *WORDS = sys.argv[1:]
RECORDED = {}


def mark(case):
    """The system call. Its own frame is the innermost, and is recorded without its place."""
    frames = []
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        frames.append(
            [code.co_qualname, code.co_filename, code.co_firstlineno, frame.f_lasti,
             frame.f_lineno]
        )
        frame = frame.f_back
    number = len(RECORDED)
    RECORDED[number] = [case, frames]
    try:
        os.open(f"{MARK}{number}", os.O_RDONLY)
    except FileNotFoundError:
        pass


def nested():
    def inner():
        (lambda: mark("lambda"))()
        mark("inner")

    inner()
    mark("nested")


def recursive(depth):
    if depth:
        recursive(depth - 1)
    else:
        mark("recursive")


def exceptions():
    try:
        raising(3)
    except ValueError:
        mark("except")
        try:
            raise KeyError from None
        except KeyError:
            mark("except in except")
    finally:
        mark("finally")
    mark("after the exception")
    with Manager():
        mark("with")


def raising(depth):
    try:
        if not depth:
            mark("about to raise")
            raise ValueError
        raising(depth - 1)
    finally:
        mark("finally while unwinding")


class Manager:
    def __enter__(self):
        mark("__enter__")

    def __exit__(self, *exception):
        mark("__exit__")

    @property
    def property(self):
        mark("property")

    @classmethod
    def classmethod(cls):
        mark("classmethod")

    def __del__(self):
        mark("__del__")


def generators():
    list(generator())
    closed = generator()
    next(closed)
    closed.close()
    mark("after close")
    thrown = generator()
    next(thrown)
    try:
        thrown.throw(ValueError)
    except ValueError:
        mark("after throw")
    list(delegating())
    list(mark("generator expression") for _ in range(2))


def generator():
    try:
        mark("generator begins")
        yield 1
        mark("generator resumed")
    except ValueError:
        mark("generator thrown into")
        raise
    finally:
        mark("generator ends")


def delegating():
    yield from generator()
    mark("after yield from")


def comprehensions():
    [mark("list comprehension") for _ in range(2)]
    {mark("set comprehension") for _ in range(2)}
    {n: mark("dict comprehension") for n in range(2)}


def callbacks_from_c():
    sorted([3, 1, 2], key=lambda n: mark("sorted") or n)
    list(map(mark, ["map", "map"]))
    re.sub("a", lambda match: mark("re.sub") or "b", "banana")
    functools.reduce(lambda a, b: mark("reduce"), [1, 2, 3])
    max([1, 2], key=functools.partial(lambda a, b: mark("partial") or b, 1))


def attributes():
    manager = Manager()
    manager.property
    Manager.classmethod()
    del manager
    mark("after __del__")


def dynamic():
    class Local:
        mark("class body")

    exec("mark('exec')")
    eval("mark('eval')")
    exec("def made():\n    mark('function made by exec')\nmade()", globals())


def signals():
    def handler(number, frame):
        mark("signal handler")

    signal.signal(signal.SIGUSR1, handler)
    os.kill(os.getpid(), signal.SIGUSR1)
    mark("after the signal")


def imports():
    sys.path.insert(0, os.path.dirname(REFERENCE))
    with open(os.path.join(sys.path[0], "imported.py"), "w") as file:
        file.write("import __main__\ndef f(): __main__.mark('imported')\nf()\n")
    import imported  # noqa: F401


async def coroutines():
    async def child(number):
        mark("coroutine begins")
        await asyncio.sleep(0)
        mark("coroutine resumed")
        return number

    await asyncio.gather(child(1), child(2))
    task = asyncio.create_task(cancelled())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(10)
    except TimeoutError:
        mark("timeout")
    async for _ in async_generator():
        mark("async for")
    async with AsyncManager():
        mark("async with")


async def cancelled():
    try:
        await asyncio.sleep(10)
    finally:
        mark("cancelled")


async def async_generator():
    for number in range(2):
        mark("async generator")
        yield number


class AsyncManager:
    async def __aenter__(self):
        mark("__aenter__")

    async def __aexit__(self, *exception):
        await asyncio.sleep(0)
        mark("__aexit__")


def threads():
    """Also a thread that was blocked before the tracer came: BLOCKED, below."""
    os.write(BLOCKED[1], b"x")
    BLOCKED_THREAD.join()
    for _ in range(3):
        thread = threading.Thread(target=nested)
        thread.start()
        thread.join()


def blocked():
    os.read(BLOCKED[0], 1)
    mark("thread blocked before the tracer came")


def forks():
    pid = os.fork()
    if not pid:
        # The child is announced within a second, by its own watcher.
        time.sleep(1.5)
        nested()
        write(f"{REFERENCE}.child")
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def greenlets():
    """Where the package is to be had."""
    if greenlet is None:
        return

    def one():
        mark("greenlet begins")
        second.switch()
        mark("greenlet resumed")

    def two():
        mark("other greenlet")
        first.switch()

    first, second = greenlet.greenlet(one), greenlet.greenlet(two)
    first.switch()
    mark("after greenlets")


def deep_error():
    def overflow():
        overflow()

    try:
        overflow()
    except RecursionError:
        mark("after RecursionError")


def write(path):
    with open(path, "w") as file:
        json.dump(RECORDED, file)


if "single" not in WORDS:
    BLOCKED = os.pipe()
    BLOCKED_THREAD = threading.Thread(target=blocked, daemon=True)
    BLOCKED_THREAD.start()
# Traced from here on.
print("ready", flush=True)
sys.stdin.readline()
if "pyusdt" in sys.modules:
    sys.modules["pyusdt"].poll()

for case in (
    nested, exceptions, generators, comprehensions, callbacks_from_c, attributes, dynamic,
    signals, imports, threads, greenlets, deep_error,
):
    if case is not threads or "single" not in WORDS:
        case()
recursive(135)
asyncio.run(coroutines())
write(REFERENCE)
forks()
for word in WORDS:
    if word.startswith("exec="):
        python = word.removeprefix("exec=")
        os.execv(python, [python, __file__, f"{MARK}again-", f"{REFERENCE}.again", "single"])
