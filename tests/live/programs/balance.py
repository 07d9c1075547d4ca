# SPDX-License-Identifier: BSD-2-Clause
"""Runs small programs, made by chance from a seed, and counts the events of each function.

usage: balance.py SEED NUMBER - what sys.monitoring says is printed as JSON: [[name, file,
{event: count}]], of every code object but those of this file. A program is some functions
that call each other, named by what they do.
"""

import asyncio
import collections
import contextlib
import functools
import gc
import json
import logging
import queue
import random
import re
import signal
import sys
import threading
import warnings
import _thread

import pyusdt

EVENTS = ("PY_START", "PY_RESUME", "PY_THROW", "PY_RETURN", "PY_YIELD", "PY_UNWIND")
ARMED = (*EVENTS, "PYTHON_FUNCTION_ENTRY", "PYTHON_FUNCTION_RETURN")
TOOL = 2


class Interruption(Exception):
    pass


# Called by what is no call, it is a signal that the next function to be entered handles.
signal_now = functools.partial(_thread.interrupt_main, signal.SIGUSR1)


class Manager:
    def __init__(self, quiet):
        self.quiet = quiet

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return self.quiet

    async def __aenter__(self):
        await asyncio.sleep(0)

    async def __aexit__(self, *exception):
        await asyncio.sleep(0)
        return self.quiet


class Finalized:
    def __init__(self, function):
        self.function = function

    def __del__(self):
        self.function()


# What the innermost function does.
BOTTOMS = {
    "returns": "return 1",
    "raises_value": "raise ValueError('v')",
    "raises_key": "raise KeyError('k')",
    "raises_stop": "raise StopIteration(1)",
    "raises_exit": "raise GeneratorExit",
    "raises_group": "raise ExceptionGroup('g', [ValueError('v'), KeyError('k')])",
    "divides": "return 1 // 0",
    "fails_in_c": "return int('x')",
    "exits": "sys.exit(3)",
    "recurses": "return {f}()",
}

# Of functions that call another one, INNER.
CALLERS = {
    "calls": """
        def {f}():
            return {inner}()
        """,
    "catches": """
        def {f}():
            try:
                return {inner}()
            except Exception:
                return -1
        """,
    "raises_again": """
        def {f}():
            try:
                return {inner}()
            except Exception:
                raise
        """,
    "raises_another": """
        def {f}():
            try:
                return {inner}()
            except Exception as error:
                raise RuntimeError from error
        """,
    "finally_goes_on": """
        def {f}():
            try:
                return {inner}()
            finally:
                len("")
        """,
    "finally_returns": """
        def {f}():
            try:
                return {inner}()
            finally:
                return 2
        """,
    "finally_raises": """
        def {f}():
            try:
                return {inner}()
            finally:
                raise ValueError
        """,
    "except_star": """
        def {f}():
            try:
                return {inner}()
            except* ValueError:
                pass
        """,
    "loops": """
        def {f}():
            for number in range(3):
                try:
                    if number == 1:
                        continue
                    {inner}()
                except ValueError:
                    break
                finally:
                    {inner}
        """,
    "twice": """
        def {f}():
            with contextlib.suppress(Exception):
                {inner}()
            {inner}()
        """,
    "recursion": """
        def {f}(depth=5):
            return {f}(depth - 1) if depth else {inner}()
        """,
    "recursion_caught": """
        def {f}(depth=4):
            try:
                return {f}(depth - 1) if depth else {inner}()
            except ValueError:
                if depth % 2:
                    raise
        """,
    "too_deep": """
        def {f}():
            def deeper():
                try:
                    return deeper()
                finally:
                    len("")
            try:
                deeper()
            except RecursionError:
                return {inner}()
        """,
    "manager": """
        def {f}():
            with Manager({quiet}), Manager(False):
                return {inner}()
        """,
    "contextmanager": """
        def {f}():
            @contextlib.contextmanager
            def manager():
                try:
                    yield 1
                except ValueError:
                    {inner}()
            with manager():
                return {inner}()
        """,
    "exit_stack": """
        def {f}():
            with contextlib.ExitStack() as stack:
                stack.callback({inner})
                stack.enter_context(Manager({quiet}))
                return {inner}()
        """,
    "nested_contexts": """
        @contextlib.contextmanager
        def {f}_manager(depth):
            with {f}_manager(depth - 1) if depth else contextlib.nullcontext():
                yield depth
        def {f}():
            with {f}_manager(3):
                return {inner}()
        """,
    "decorates": """
        @functools.cache
        def {f}_cached(number):
            return {inner}()
        def {f}():
            return {f}_cached(1), {f}_cached(1)
        """,
    "sorts": """
        def {f}():
            return sorted([2, 1], key=lambda number: {inner}() or number)
        """,
    "maps": """
        def {f}():
            return list(map(lambda number: {inner}(), (1, 2)))
        """,
    "comprehends": """
        def {f}():
            return [{inner}() for _ in range(2)]
        """,
    "substitutes": """
        def {f}():
            return re.sub("a", lambda match: str({inner}()), "banana")
        """,
    "class_body": """
        def {f}():
            class Body:
                value = {inner}()
        """,
    "property": """
        def {f}():
            class Owner:
                @property
                def value(self):
                    return {inner}()
            return getattr(Owner(), "value", None)
        """,
    "executes": """
        def {f}():
            exec("{inner}()", globals())
        """,
    "finalizes": """
        def {f}():
            Finalized({inner})
        """,
    "exhausted": """
        def {f}_generator():
            for number in range(3):
                yield {inner}()
        def {f}():
            return list({f}_generator())
        """,
    "closed": """
        def {f}_generator():
            try:
                yield 1
                yield 2
            finally:
                {inner}()
        def {f}():
            generator = {f}_generator()
            next(generator)
            generator.close()
        """,
    "closed_simply": """
        def {f}_generator():
            yield 1
            yield {inner}()
        def {f}():
            generator = {f}_generator()
            next(generator)
            generator.close()
            generator.close()
            {inner}()
        """,
    "closed_unstarted": """
        def {f}_generator():
            yield {inner}()
        def {f}():
            {f}_generator().close()
            {f}_generator()
            {inner}()
        """,
    "dropped": """
        def {f}_generator():
            try:
                yield 1
            finally:
                {inner}()
        def {f}():
            for _ in {f}_generator():
                break
            {inner}()
        """,
    "dropped_in_cycle": """
        def {f}_generator():
            me = yield
            try:
                yield 1
            finally:
                {inner}()
        def {f}():
            generator = {f}_generator()
            next(generator)
            generator.send(generator)
        """,
    "thrown": """
        def {f}_generator():
            while True:
                try:
                    yield 1
                except ValueError:
                    yield {inner}()
        def {f}():
            generator = {f}_generator()
            next(generator)
            generator.throw(ValueError)
            generator.throw(ValueError)
            generator.throw(KeyError)
        """,
    "thrown_finished": """
        def {f}_generator():
            yield {inner}()
        def {f}():
            generator = {f}_generator()
            list(generator)
            generator.throw(ValueError)
        """,
    "enters_itself": """
        def {f}_generator():
            me = yield
            try:
                next(me)
            except ValueError:
                yield {inner}()
        def {f}():
            generator = {f}_generator()
            next(generator)
            generator.send(generator)
        """,
    "frame_cleared": """
        def {f}_generator():
            try:
                yield 1
            finally:
                {inner}()
        def {f}():
            generator = {f}_generator()
            next(generator)
            generator.gi_frame.clear()
        """,
    "thrown_unstarted": """
        def {f}_generator():
            yield {inner}()
        def {f}():
            with contextlib.suppress(ValueError):
                {f}_generator().throw(ValueError)
            {inner}()
        """,
    "swallows_exit": """
        def {f}_generator():
            try:
                yield 1
            except GeneratorExit:
                {inner}()
                yield 2
        def {f}():
            generator = {f}_generator()
            next(generator)
            generator.close()
        """,
    "returns_on_exit": """
        def {f}_generator():
            try:
                yield 1
            except GeneratorExit:
                return {inner}()
        def {f}():
            generator = {f}_generator()
            next(generator)
            return generator.close()
        """,
    "sends": """
        def {f}_generator():
            received = yield
            while received:
                received = yield {inner}()
            return received
        def {f}():
            generator = {f}_generator()
            next(generator)
            generator.send(1)
            generator.send(0)
        """,
    "delegates": """
        def {f}_generator(depth):
            if depth:
                return (yield from {f}_generator(depth - 1))
            yield 1
            yield {inner}()
        def {f}():
            return list({f}_generator(3))
        """,
    "throws_through": """
        def {f}_generator(depth):
            try:
                if depth:
                    yield from {f}_generator(depth - 1)
                else:
                    yield 1
            except ValueError:
                if depth != 2:
                    raise
                yield {inner}()
        def {f}():
            generator = {f}_generator(3)
            next(generator)
            generator.throw(ValueError)
            generator.throw(KeyError)
        """,
    "throws_and_stays": """
        def {f}_innermost():
            try:
                yield 1
            except ValueError:
                yield {inner}()
        def {f}_generator(depth):
            return (yield from {f}_generator(depth - 1) if depth else {f}_innermost())
        def {f}():
            generator = {f}_generator(2)
            next(generator)
            generator.throw(ValueError)
            next(generator)
        """,
    "throws_and_ends": """
        def {f}_innermost():
            try:
                yield 1
            except ValueError:
                return {inner}()
        def {f}_generator(depth):
            yield (yield from {f}_generator(depth - 1) if depth else {f}_innermost())
        def {f}():
            generator = {f}_generator(2)
            next(generator)
            return generator.throw(ValueError)
        """,
    "closes_through": """
        def {f}_generator(depth):
            try:
                if depth:
                    yield from {f}_generator(depth - 1)
                else:
                    yield 1
            finally:
                {inner}()
        def {f}():
            generator = {f}_generator(3)
            next(generator)
            generator.close()
        """,
    "delegates_to_iterator": """
        def {f}_generator():
            yield from map(lambda number: {inner}(), (1, 2))
        def {f}():
            generator = {f}_generator()
            next(generator)
            generator.throw(ValueError)
        """,
    "expression": """
        def {f}():
            any(number for number in (0, 0))
            next({inner}() for _ in range(2))
        """,
    "in_thread": """
        def {f}_generator():
            yield 1
            yield {inner}()
        def {f}():
            generator = {f}_generator()
            next(generator)
            thread = threading.Thread(target=list, args=(generator,))
            thread.start()
            thread.join()
        """,
    "threads": """
        def {f}():
            threads = [threading.Thread(target={inner}) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        """,
    "signalled": """
        def {f}():
            if threading.current_thread() is threading.main_thread():
                signal.raise_signal(signal.SIGUSR1)
            return {inner}()
        """,
    "signalled_at_entry": """
        def {f}_entered():
            return {inner}()
        def {f}():
            if threading.current_thread() is threading.main_thread():
                for _ in iter(signal_now, None):
                    pass
                {f}_entered()
            return {inner}()
        """,
    "signalled_at_resume": """
        def {f}_resumed():
            yield 1
            yield {inner}()
        def {f}():
            generator = {f}_resumed()
            next(generator)
            if threading.current_thread() is threading.main_thread():
                for _ in iter(signal_now, None):
                    pass
                for _ in generator:
                    pass
        """,
    "signalled_in_loop": """
        def {f}():
            if threading.current_thread() is threading.main_thread():
                for _ in iter(signal_now, None):
                    pass
            for _ in range(2):
                {inner}
            return {inner}()
        """,
    "runs": """
        async def {f}_coroutine():
            await asyncio.sleep(0)
            return {inner}()
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "cancels": """
        async def {f}_sleeping():
            try:
                await asyncio.sleep(60)
            finally:
                {inner}()
        async def {f}_coroutine():
            task = asyncio.create_task({f}_sleeping())
            await asyncio.sleep(0)
            task.cancel()
            await task
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "gathers": """
        async def {f}_child(number):
            await asyncio.sleep(0)
            if number == 2:
                return {inner}()
        async def {f}_coroutine():
            children = [{f}_child(number) for number in range(4)]
            return await asyncio.gather(*children, return_exceptions={quiet})
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "times_out": """
        async def {f}_coroutine():
            try:
                async with asyncio.timeout(0):
                    await asyncio.sleep(60)
            except TimeoutError:
                {inner}()
            await asyncio.wait_for(asyncio.sleep(60), 0)
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "groups": """
        async def {f}_child(number):
            await asyncio.sleep(0)
            if not number:
                {inner}()
            await asyncio.sleep(0)
        async def {f}_coroutine():
            async with asyncio.TaskGroup() as group:
                for number in range(3):
                    group.create_task({f}_child(number))
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "async_generator": """
        async def {f}_generator():
            for number in range(3):
                try:
                    yield number
                finally:
                    await asyncio.sleep(0)
                    {inner}()
        async def {f}_coroutine():
            async for number in {f}_generator():
                if number:
                    {quiet} or {f}_generator
            [number async for number in {f}_generator()]
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "async_closed": """
        async def {f}_generator():
            try:
                yield 1
            finally:
                await asyncio.sleep(0)
                {inner}()
        async def {f}_coroutine():
            generator = {f}_generator()
            await anext(generator)
            await generator.aclose()
            async for _ in {f}_generator():
                break
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "async_thrown": """
        async def {f}_generator():
            try:
                yield 1
            except ValueError:
                await asyncio.sleep(0)
                yield {inner}()
        async def {f}_coroutine():
            generator = {f}_generator()
            await anext(generator)
            await generator.athrow(ValueError)
            await generator.athrow(KeyError)
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "async_unstarted": """
        async def {f}_generator():
            yield {inner}()
        async def {f}_coroutine():
            await {f}_generator().aclose()
            with contextlib.suppress(ValueError):
                await {f}_generator().athrow(ValueError)
            {inner}()
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "eager": """
        async def {f}_child(number):
            if number:
                await asyncio.sleep(0)
            return {inner}()
        async def {f}_coroutine():
            asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
            async with asyncio.TaskGroup() as group:
                for number in range(2):
                    group.create_task({f}_child(number))
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "async_manager": """
        async def {f}_coroutine():
            async with Manager({quiet}):
                {inner}()
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(Manager(False))
                {inner}()
        def {f}():
            return asyncio.run({f}_coroutine())
        """,
    "never_awaited": """
        async def {f}_coroutine():
            return {inner}()
        def {f}():
            {f}_coroutine()
            coroutine = {f}_coroutine()
            try:
                coroutine.send(None)
            finally:
                coroutine.close()
        """,
}


def main():
    seed, number = map(int, sys.argv[1:])
    warnings.simplefilter("ignore")
    # Some programs have tasks, threads and finalizers end by an exception.
    logging.disable()
    threading.excepthook = sys.unraisablehook = lambda *_: None
    signal.signal(signal.SIGUSR1, interrupt)
    sys.setrecursionlimit(200)
    gc.disable()
    gc.freeze()

    programs = make(random.Random(seed), number)
    queues = start()
    for code, top in programs:
        run(code, top)
    stop()
    json.dump(summary(queues), sys.stdout)


def interrupt(number, frame):
    raise Interruption


def make(chance, number):
    """Returns: [(code object, function to call)]. Each way to call comes first once."""
    kinds = [*CALLERS] + chance.choices([*CALLERS], k=number - len(CALLERS))
    return [make_one(chance, kind, f"balance/{n}") for n, kind in enumerate(kinds)]


def make_one(chance, kind, file):
    bottom = chance.choice([*BOTTOMS])
    callers = [*chance.choices([*CALLERS], k=chance.randrange(3)), kind]
    source, inner = f"def {bottom}():\n    {BOTTOMS[bottom]}\n".format(f=bottom), bottom
    for level, caller in enumerate(callers):
        name = f"{caller}_{level}"
        text = CALLERS[caller].replace("\n        ", "\n")
        source += text.format(f=name, inner=inner, quiet=chance.random() < 0.5)
        inner = name
    return compile(source, file, "exec"), inner


def run(code, top):
    namespace = {**globals(), "__name__": "balance"}
    exec(code, namespace)
    try:
        namespace[top]()
    except BaseException:
        pass
    namespace.clear()
    gc.collect()


def start():
    """Returns: {event: queue of code objects}."""
    pyusdt.enable(pyusdt.parse_events(",".join(ARMED)))
    sys.monitoring.use_tool_id(TOOL, "reference")
    queues = {event: queue.SimpleQueue() for event in EVENTS}
    bits = 0
    for event, codes in queues.items():
        bit = getattr(sys.monitoring.events, event)
        # In C, so that it needs no frame where there is room for none. All that comes
        # after the code object it takes, and has no use for.
        sys.monitoring.register_callback(TOOL, bit, codes.put)
        bits |= bit
    sys.monitoring.set_events(TOOL, bits)
    return queues


def stop():
    sys.monitoring.set_events(TOOL, 0)
    pyusdt.disable()


def summary(queues):
    counts = collections.defaultdict(collections.Counter)
    codes = {}
    for event, seen in queues.items():
        while not seen.empty():
            code = seen.get()
            if code.co_filename != __file__:
                codes[id(code)] = code
                counts[id(code)][event] += 1
    return [[code.co_name, code.co_filename, counts[key]] for key, code in codes.items()]


main()
