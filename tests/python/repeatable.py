# SPDX-License-Identifier: BSD-2-Clause
"""Work that calls the same functions each time it is done, of many kinds."""

import ast
import asyncio
import contextlib
import copy
import dataclasses
import io
import json
import re
import textwrap
import tokenize

SOURCE = textwrap.dedent(open(textwrap.__file__).read())


def syntax_tree():
    ast.dump(ast.parse(SOURCE))


def documents():
    rows = [{"a": list(range(50)), "b": {"c": str(i)}} for i in range(100)]
    json.loads(json.dumps(rows, indent=2))


def patterns():
    re.purge()
    re.compile(r"(a|b)*c[^\d]+(?P<x>\w{2,3})")
    re.sub("a", "b", "banana")


def tokens():
    list(tokenize.generate_tokens(io.StringIO(SOURCE).readline))


def classes():
    @dataclasses.dataclass
    class Point:
        x: int = 1
        y: list = dataclasses.field(default_factory=list)

    copy.deepcopy([Point() for _ in range(20)])
    repr(Point())


async def waiting(n):
    await asyncio.sleep(0)
    return n and await waiting(n - 1)


async def many():
    return await asyncio.gather(*(waiting(i) for i in range(10)))


def tasks():
    loop = asyncio.new_event_loop()
    loop.run_until_complete(many())
    # How it is closed is told by another name.
    LOOPS.append(loop)


LOOPS = []


def deep(n):
    return n and deep(n - 1)


def recursion():
    deep(500)


def raising(n):
    if n == 0:
        raise ValueError
    try:
        raising(n - 1)
    finally:
        len([])


def exceptions():
    for i in range(20):
        with contextlib.suppress(ValueError):
            raising(i)


def generating():
    try:
        while True:
            yield 1
    except KeyError:
        yield 2
    finally:
        len([1])


def delegating():
    return (yield from generating())


def generators():
    for _ in range(5):
        thrown = delegating()
        next(thrown), thrown.send(3), thrown.throw(KeyError)
        closed = delegating()
        next(closed)
        closed.close()


WORKLOADS = {
    work.__name__: work
    for work in (syntax_tree, documents, patterns, tokens, classes, tasks, recursion,
                 exceptions, generators)
}
