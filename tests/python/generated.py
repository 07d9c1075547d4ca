# SPDX-License-Identifier: BSD-2-Clause
"""Programs made at random, of functions that call, yield, await and raise in all ways.

Each function calls those after it only, so that all come to an end.
"""

import random

FUNCTIONS = 24

PLAIN = """
def {me}(n):
    {body}
    return n
"""
GENERATOR = """
def {me}(n):
    try:
        for i in range(n % 4):
            yield i
            {body}
    finally:
        {other}(1)
"""
DELEGATING = """
def {me}(n):
    try:
        yield from {generator}(n)
    except KeyError:
        yield {other}(n)
"""
COROUTINE = """
async def {me}(n):
    await asyncio.sleep(0)
    {body}
    return n
"""
BODIES = (
    "{other}(n)",
    "for i in range(3): {other}(i)",
    "sorted(range(4), key={other})",
    "[{other}(i) for i in range(n % 3)]",
    "any({other}(i) for i in range(2))",
    "caught(raising, n % 4)",
    "list({generator}(n))",
    "generator = {generator}(n); next(generator, None); generator.close()",
    "generator = {generator}(n); next(generator, None); caught(generator.throw, KeyError)",
    "generator = {generator}(n); next(generator, None); caught(generator.throw, OSError)",
    "generator = {generator}(n); next(generator, None); kept.append(generator)",
    "kept and caught(next, kept[n % len(kept)], None)",
    "kept and kept.pop(0)",
    "exec('def made(): pass\\nmade()', {{}})",
    "run({coroutine}(n))",
    "{other}(n); {other}(n + 1)",
)
HEAD = """
import asyncio

kept = []

def raising(n):
    if not n:
        raise ValueError
    raising(n - 1)

def caught(function, *arguments):
    try:
        return function(*arguments)
    except (ValueError, KeyError, OSError, StopIteration):
        pass

def run(coroutine):
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(coroutine)
    else:
        coroutine.close()

def last(n):
    return n

def last_generator(n):
    yield n

async def last_coroutine(n):
    return n
"""


def generate(seed):
    """Returns: the source of a program with a function main()."""
    chance = random.Random(seed)
    plain, generators, coroutines = ["last"], ["last_generator"], ["last_coroutine"]
    source = [HEAD]
    for number in range(FUNCTIONS):
        kind, names = chance.choice(
            [(PLAIN, plain)] * 3
            + [(GENERATOR, generators), (DELEGATING, generators), (COROUTINE, coroutines)]
        )
        words = {
            "me": f"function{number}",
            "other": chance.choice(plain[-6:]),
            "generator": chance.choice(generators[-3:]),
            "coroutine": chance.choice(coroutines[-3:]),
        }
        words["body"] = chance.choice(BODIES).format(**words)
        source.append(kind.format(**words))
        names.append(words["me"])
    calls = "".join(f"    {name}({n})\n" for n, name in enumerate(plain))
    calls += "".join(f"    list({name}(3))\n" for name in generators)
    calls += "".join(f"    run({name}(2))\n" for name in coroutines)
    source.append(f"def main():\n{calls}    kept.clear()\n")
    return "".join(source)
