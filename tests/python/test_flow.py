# SPDX-License-Identifier: BSD-2-Clause
"""Control flow of all kinds, with every probe watched, takes the way it takes without."""

from running import ProgramTest


class Flow(ProgramTest):
    def test_generators(self):
        self.same(
            """
            log = []
            def inner():
                try:
                    while True:
                        try: log.append((yield len(log)))
                        except KeyError as error: log.append(repr(error))
                finally: log.append("closed")
            def outer():
                log.append((yield from inner()))
            running = outer()
            print(next(running), running.send(1), running.throw(KeyError(2)), running.send(3))
            running.close()
            try: next(running)
            except StopIteration as error: print(repr(error))
            def returns():
                yield 1
                return "value"
            print([*returns()], log)
            def raises():
                yield 1
                raise StopIteration
            try: list(raises())
            except RuntimeError as error: print(repr(error), repr(error.__cause__))
            left = inner(); next(left); del left
            print(log)
            """,
            says="closed",
        )

    def test_coroutines(self):
        self.same(
            """
            import asyncio, contextlib
            async def numbers():
                try:
                    for number in range(5):
                        await asyncio.sleep(0)
                        yield number
                finally: print("closed")
            @contextlib.asynccontextmanager
            async def context():
                print("enter")
                try: yield 1
                finally: print("exit")
            async def cancelled(begun):
                try:
                    begun.set()
                    await asyncio.sleep(100)
                except asyncio.CancelledError:
                    print("cancelled")
                    raise
            async def main():
                async with context() as one:
                    print([n + one async for n in numbers()])
                async for number in numbers():
                    break
                begun = asyncio.Event()
                task = asyncio.create_task(cancelled(begun))
                await begun.wait()
                task.cancel()
                print(await asyncio.gather(task, return_exceptions=True))
                try:
                    async with asyncio.timeout(0.01): await asyncio.sleep(100)
                except TimeoutError as error: print(repr(error))
                try:
                    async with asyncio.TaskGroup() as group:
                        group.create_task(asyncio.sleep(0))
                        group.create_task(fails())
                except* ValueError as group: print(group.exceptions)
            async def fails(): raise ValueError("async")
            asyncio.run(main())
            """,
            says="cancelled",
        )

    def test_recursion(self):
        # As deep as ever, in Python and through C.
        self.same(
            """
            import sys
            def down(depth=0):
                global deepest
                deepest = depth
                down(depth + 1)
            def through_c(depth=0):
                global deepest
                deepest = depth
                return max([depth], key=lambda d: through_c(d + 1))
            class Deep:
                def __repr__(self): return repr(Deep())
            def generate(): yield from generate()
            for function in (down, through_c, lambda: repr(Deep()), lambda: list(generate())):
                for limit in (200, 700):
                    sys.setrecursionlimit(limit)
                    deepest = None
                    try: function()
                    except RecursionError as error: print(deepest, error)
            """,
            says="maximum recursion depth",
        )

    def test_memory_error(self):
        self.same(
            """
            import resource
            def grow():
                try: return bytearray(1 << 40)
                except MemoryError as error: return repr(error)
            resource.setrlimit(resource.RLIMIT_AS, (3 << 27, 3 << 27))
            print(grow())
            def fill():
                blocks = []
                try:
                    while True: blocks.append(bytearray(1 << 22))
                except MemoryError: pass
                small = []
                try:
                    while True: small.append(bytearray(1 << 12))
                except MemoryError: blocks.clear()
                def fresh(): return "fresh"
                return fresh()
            print(fill())
            """,
            says="fresh",
        )

    def test_exceptions(self):
        self.same(
            """
            import sys, traceback
            class Awkward(Exception):
                def __repr__(self): raise ValueError("repr")
                def __str__(self): raise ValueError("str")
                def __getattribute__(self, name):
                    if name.startswith("__"): return super().__getattribute__(name)
                    raise AttributeError(name)
            def fails(error):
                try: raise error
                finally: sys.exc_info()
            for error in (Awkward(), KeyError(), SystemExit(3), KeyboardInterrupt(),
                          StopIteration(1), GeneratorExit(), ExceptionGroup("g", [OSError(1)])):
                try: fails(error)
                except BaseException as caught:
                    print(caught is error, caught.__context__, caught.__traceback__.tb_next.tb_lineno)
                    print(len(traceback.extract_tb(caught.__traceback__)))
            assert sys.exc_info() == (None, None, None)
            with open("/dev/null") as file:
                try: file.read(1, 2)
                except TypeError as error: print(error)
            """,
            says="True None",
        )

    def test_awkward_values(self):
        # Nothing of the program is called for a value; with repr, what fails stays there.
        self.same(
            """
            class Awkward:
                calls = 0
                def __repr__(self): raise LookupError("repr")
                def __getattr__(self, name): print("asked for", name); raise AttributeError(name)
                def __hash__(self): raise TypeError
                def __eq__(self, other): raise TypeError
                def __bool__(self): raise TypeError
            class Changes:
                def __repr__(self):
                    items.clear()
                    return "\\udcff" * 1000
            items = [1, 2]
            def give(value): return value
            def generate(values): yield from values
            for value in (Awkward(), Changes(), [Awkward()], {1: Awkward()}, items,
                          type("T", (), {"__repr__": None})(), 10 ** 5000, "\\udcff", b"\\0"):
                give(value)
                list(generate([value]))
            print("done")
            """,
            says="done",
        )

    def test_interrupted_in_repr(self):
        # It strikes in the midst of a callback, in code that only a tracer runs.
        self.check(
            """
            import signal
            signal.signal(signal.SIGINT, signal.default_int_handler)
            class Struck:
                def __repr__(self):
                    global struck
                    if not struck:
                        struck = True
                        signal.raise_signal(signal.SIGINT)
                        for _ in range(1000): pass
                    return "struck"
            def give(): return Struck()
            struck = False
            try:
                give()
                for _ in range(1000): pass
            except KeyboardInterrupt as error:
                print(struck, error.args)
            """,
            output="True ()\n", PYUSDT_VALUES="repr",
        )

    def test_interrupted_at_any_time(self):
        self.same(
            """
            import signal, threading
            count = 0
            def work():
                for number in range(50):
                    yield [number]
            while count < 30:
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0.0005 + count * 0.00001)
                    while True: list(work())
                except KeyboardInterrupt: count += 1
            print(count)
            """.replace(
                "count = 0\n",
                "count = 0\n            signal.signal(signal.SIGALRM, signal.default_int_handler)\n",
                1,
            ),
            says="30", values=("safe",),
        )
