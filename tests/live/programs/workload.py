# SPDX-License-Identifier: BSD-2-Clause
"""Code of every kind, so that every event of code comes in every way it can.

stream.py runs it once for each event. It leaves nothing behind that would run later.
"""

import asyncio
import contextlib
import functools
import itertools
import json
import types


def main():
    functions()
    classes()
    comprehensions()
    branches()
    calls()
    exceptions()
    groups()
    generators()
    delegation()
    coroutines()
    asyncio.run(asynchronous())
    made_elsewhere()


def functions():
    plain(1, 2)
    recursive(3)
    (lambda: "λ")()
    outer()()
    decorated(4)
    for value in (
        None, True, -1, 2**63, 10**30, 1.5, float("nan"), "it's", 'a "b"\n', "", b"x",
        (), [1], {}, plain, len, [].append, Thing, Thing("c").method, int, ValueError("x"),
    ):
        identity(value)


def plain(a, b=0, *rest, key=None, **more):
    c = a + b
    return c


def recursive(depth):
    if depth:
        return recursive(depth - 1)
    return "bottom"


def outer():
    total = b"\x00'"

    def inner():
        nonlocal total
        total += b"!"
        return total

    return inner


def decorator(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


@decorator
def decorated(value):
    return value


def identity(value):
    return value


class Thing:
    kind = [letter for letter in "ab"]

    class Nested(Exception):
        pass

    def __init__(self, name):
        self.name = name

    def __getattr__(self, name):
        raise AttributeError(name)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return self.name == "quiet"

    def __iter__(self):
        return iter((1, 2))

    def __call__(self):
        return self.name

    def method(self):
        return self

    @property
    def length(self):
        return len(self.name)

    @classmethod
    def made(cls):
        return cls("b")

    @staticmethod
    def fixed():
        return Thing


class Meta(type):
    def __new__(cls, name, bases, namespace, **keywords):
        return super().__new__(cls, name, bases, namespace)


class Countdown:
    """An iterator that ends by an exception."""

    def __init__(self, start):
        self.left = start

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        self.left -= 1
        return self.left


def classes():
    class Made(Thing, metaclass=Meta, keyword=1):
        def method(self):
            return super().method()

    Made("a").method()
    Made.made().length
    Thing.fixed()("d")()
    list(Countdown(2))
    for _ in Countdown(2):
        pass
    getattr(Thing("e"), "absent", None)
    with Thing("f") as thing, Thing("quiet"):
        raise thing.Nested("kept in")


def comprehensions():
    [x * y for x in range(3) if x for y in range(2)]
    {x for x in "ab"}
    {x: [y for y in (x,)] for x in "ab"}
    sum(x for x in range(3))
    [len(text) for text in ("x", "yy")]


def branches():
    found = []
    for number in range(5):
        if number == 1:
            continue
        elif number > 3:
            break
        found.append(number if number % 2 else None)
    else:
        found.append("never")
    while found:
        found.pop() or found
    for _ in ():
        pass
    else:
        found.append("always")
    a, *b = 1, 2, 3
    if (c := a) and b or c is None:
        found.append(0 < a < 2 < 3)
    assert found
    return [matched(subject) for subject in (1, "x", [1, 2], {"k": 3}, Thing("t"), None)]


def matched(subject):
    match subject:
        case 1 | 2:
            return "number"
        case str():
            return "text"
        case [first, *_] if first:
            return first
        case {"k": value}:
            return value
        case Thing(name=name):
            return name
        case _:
            return None


def calls():
    sorted([3, 1, 2], key=lambda number: -number)
    list(map(str, [1, 2]))
    "a{}".format(1).upper().split("A")
    functools.partial(plain, 1)(b=2)
    functools.reduce(lambda a, b: a + b, (1, 2, 3))
    plain(*(1, 2), **{"key": 3})
    print(end="")
    Thing("called")()
    type("Dynamic", (), {})()
    list.append([], 1)
    dict.fromkeys("ab")
    isinstance(1, int)
    itertools.chain.from_iterable([[1]])
    object.__repr__(Thing)
    f"{Thing.kind!r:>10}"
    for failing in (
        lambda: int("x"),
        lambda: {}["absent"],
        lambda: {}.pop("absent"),
        lambda: [].pop(),
        lambda: next(iter(())),
        lambda: len(5),
        lambda: sorted([1, "a"]),
        lambda: list(map(fail, [1])),
        lambda: max([1], key=fail),
        lambda: json.loads("{"),
        lambda: b"\xff".decode(),
        lambda: open("/nowhere/at/all"),
        lambda: calls.absent(),
        lambda: plain(),
        lambda: exec("1 +"),
    ):
        caught(failing)


def fail(_):
    raise ValueError("inside of C")


def caught(function):
    try:
        function()
    except BaseException as error:
        return type(error).__name__


class Odd(Exception):
    """Not what it was made with."""

    def __str__(self):
        return "never asked"


def raised_with():
    yield from (
        ValueError("plain"), ValueError(""), ValueError(), ValueError(None),
        ValueError(1), ValueError(1.5), ValueError(b"x"), ValueError(True),
        ValueError("two", "of them"), ValueError(7, "of them"), ValueError([1]),
        ValueError("one line\nanother"), ValueError("λ"), ValueError("tab\t\x01"),
        KeyError("key"), KeyError(("a", 1)), OSError(2, "No such"), OSError("odd"),
        OSError(2, "No such", "file"), Odd("as made"), Thing.Nested("by qualname"),
        StopIteration(3), StopIteration(), SystemExit(4), KeyboardInterrupt(),
        ValueError("x" * 300), ValueError("y" * 245), ValueError(10**30),
    )


def exceptions():
    for error in raised_with():
        caught(lambda: throw(error))
    caught(lambda: nested(3))
    caught(changing)
    caught(deleted)
    returning()
    finals()
    with contextlib.suppress(KeyError):
        {}["absent"]
    with contextlib.ExitStack() as stack:
        stack.callback(identity, 1)
        stack.enter_context(managed())
    caught(lambda: leaving(managed()))
    caught(lambda: leaving(contextlib.closing(None)))
    caught(lambda: next(stopping()))
    caught(lambda: exhausted(100))


def throw(error):
    raise error


def nested(depth):
    try:
        if not depth:
            raise ValueError("deep")
        nested(depth - 1)
    except KeyError:
        pass
    except ValueError:
        if depth % 2:
            raise
        raise LookupError(depth) from None
    finally:
        identity(depth)


def changing():
    try:
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise RuntimeError("instead") from error
        else:
            identity("never")
        finally:
            identity("in any case")
    except RuntimeError as error:
        raise error.__cause__


def deleted():
    here = 1
    del here
    return here


def returning():
    for _ in range(2):
        try:
            raise ValueError("lost")
        except ValueError:
            return "instead"
        finally:
            identity("on the way")


def finals():
    for number in range(3):
        try:
            if number == 1:
                continue
            identity(number)
        finally:
            identity("finally")
    try:
        return identity("returned")
    finally:
        with Thing("in finally"):
            pass


@contextlib.contextmanager
def managed():
    try:
        yield "resource"
    finally:
        identity("released")


def leaving(manager):
    with manager:
        raise Odd("out of with")


def stopping():
    yield next(iter(()))


def exhausted(depth):
    # A real RecursionError would take thousands of events.
    if depth > 90:
        exhausted(depth - 1)
    raise RecursionError("so to say")


def groups():
    for members in (
        [ValueError("v")], [TypeError("t")], [ValueError("v"), KeyError("k")],
    ):
        caught(lambda: handling(ExceptionGroup("several", members)))
    caught(lambda: handling(ValueError("alone")))


def handling(error):
    try:
        raise error
    except* ValueError as matching:
        identity(len(matching.exceptions))
    except* TypeError:
        raise OSError(5, "in except*")


def counting(limit):
    for number in range(limit):
        try:
            received = yield number
            if received:
                yield received
        except KeyError:
            yield "caught"
        finally:
            identity(number)
    return limit


def stubborn():
    while True:
        try:
            yield 1
        except GeneratorExit:
            yield 2
            return


def generators():
    list(counting(2))
    generator = counting(3)
    next(generator)
    generator.send("sent")
    generator.close()
    for error in (KeyError("known"), ValueError("unknown")):
        generator = counting(3)
        next(generator)
        caught(lambda: generator.throw(error))
        caught(lambda: next(generator))
        generator.close()
    caught(lambda: counting(1).throw(ValueError("before it began")))
    counting(1).close()
    generator = stubborn()
    next(generator)
    caught(generator.close)
    caught(lambda: next(generator))
    a, b = (x for x in (1, 2))
    any(x > 1 for x in range(4))
    dropped = counting(2)
    next(dropped)
    del dropped


def delegating(inner):
    try:
        return (yield from inner)
    except ValueError:
        yield "after the exception"


def delegation():
    list(delegating(counting(2)))
    list(delegating([1, 2]))
    list(delegating(delegating(Countdown(2))))
    for action in (
        lambda generator: generator.send("sent"),
        lambda generator: generator.throw(KeyError("known")),
        lambda generator: generator.throw(ValueError("unknown")),
        lambda generator: generator.throw(OSError("through all")),
        lambda generator: generator.close(),
    ):
        generator = delegating(delegating(counting(2)))
        next(generator)
        caught(lambda: action(generator))
        generator.close()


@types.coroutine
def pause(value):
    return (yield value)


class Awaitable:
    def __await__(self):
        return (yield from pause("in __await__"))


async def waiting():
    first = await pause("paused")
    await Awaitable()
    return first


async def failing():
    try:
        await pause("about to fail")
    finally:
        await pause("failing")


def coroutines():
    coroutine = waiting()
    caught(lambda: [coroutine.send(None) for _ in range(3)])
    coroutine = failing()
    coroutine.send(None)
    coroutine.throw(ValueError("thrown in"))
    caught(lambda: coroutine.send(None))
    coroutine = waiting()
    coroutine.send(None)
    coroutine.close()


async def ticking(limit):
    for number in range(limit):
        try:
            yield number
        finally:
            await asyncio.sleep(0)


async def asynchronous():
    await asyncio.gather(child(1), child(2))
    task = asyncio.create_task(child(5))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, child(-1), return_exceptions=True)
    async for _ in ticking(2):
        pass
    [x async for x in ticking(2) if x]
    async with AsyncThing():
        pass
    with contextlib.suppress(ValueError):
        async with AsyncThing():
            raise ValueError("in async with")
    for end in ("aclose", "athrow"):
        generator = ticking(3)
        await anext(generator)
        try:
            await getattr(generator, end)(*[KeyError("thrown")][: end == "athrow"])
        except KeyError:
            pass
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.sleep(60)
    with contextlib.suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(child(1))
            group.create_task(child(-2))


async def child(number):
    if number < 0:
        raise ValueError(number)
    for _ in range(number):
        await asyncio.sleep(0)
    return number


class AsyncThing:
    async def __aenter__(self):
        await asyncio.sleep(0)

    async def __aexit__(self, *exception):
        await asyncio.sleep(0)


def made_elsewhere():
    source = "def odd(): return 1\nodd()\n"
    exec(compile(source, __file__, "exec"), {"__name__": "made.up"})


main()
