# SPDX-License-Identifier: BSD-2-Clause
"""Generators in a pipeline, and asyncio: producers and consumers on a queue."""

import asyncio


def numbers(count):
    yield from range(count)


def only_odd(values):
    for value in values:
        if value & 1:
            yield value


def running_sum(values):
    total = 0
    for value in values:
        total += value
        yield total


def pipeline(count):
    return max(running_sum(only_odd(numbers(count))))


async def produce(queue, count):
    for value in range(count):
        await queue.put(value)
    await queue.put(None)


async def square(value):
    if value % 8 == 0:
        await asyncio.sleep(0)
    return value * value


async def consume(queue):
    total = 0
    while (value := await queue.get()) is not None:
        total += await square(value)
    return total


async def exchange(pairs, count):
    async def pair():
        queue = asyncio.Queue(4)
        _, total = await asyncio.gather(produce(queue, count), consume(queue))
        return total

    return sum(await asyncio.gather(*(pair() for _ in range(pairs))))


def run(size):
    # One loop of asyncio: what it costs to make one is not what is measured.
    return pipeline(2500 * size) + asyncio.run(exchange(4, 28 * size))
