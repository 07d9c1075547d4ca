# SPDX-License-Identifier: BSD-2-Clause
"""Functions, generators, methods, coroutines, classes, comprehensions, exceptions."""

import asyncio


def add(a, b):
    total = a + b
    return total


def numbers(n):
    for i in range(n):
        got = yield i
    return "done"


def delegate():
    return (yield from numbers(2))


class Account:
    def __init__(self, owner):
        self.owner = owner
        self.total = 0.5

    def deposit(self, amount):
        self.total += amount
        return self

    @property
    def name(self):
        return "account of " + self.owner

    @classmethod
    def open(cls):
        return cls("é€🐍")

    def __repr__(self):
        raise SystemExit


async def sleep():
    await asyncio.sleep(0)
    return b"slept"


def fails():
    raise ValueError("x")


def catches():
    try:
        fails()
    except ValueError:
        return None


def passes_on():
    try:
        fails()
    finally:
        add(1, 1)


def tries(function, *arguments):
    try:
        function(*arguments)
    except (LookupError, StopIteration, ValueError):
        pass


def nested():
    try:
        {}["absent"]
    except KeyError as error:
        raise LookupError(7) from error


def loops():
    while True:
        for i in range(3):
            if i == 1:
                continue
            if i and not i % 2:
                return i


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def main():
    add(1, 2)
    add("a", "b" * 500)
    list(numbers(3))
    list(delegate())
    g = numbers(2)
    next(g)
    g.send("sent")
    g.close()
    account = Account.open().deposit(1)
    account.name
    coroutine = sleep()
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        value = stop.value
    catches()
    for function in (passes_on, nested):
        tries(function)
    for text in ("x", 3):
        tries(int, text)
    for error in (KeyError("sent"), ValueError(None), LookupError()):
        g = numbers(2)
        next(g)
        tries(g.throw, error)
    tries(next, numbers(0))
    loops()
    sorted([3, 1, 2], key=lambda n: -n)
    [].append(1)
    len("x")
    list.append([], 2)
    int("3")
    {i: add(i, i) for i in range(2)}
    sum(x for x in (1, 2))
    fib(5)
    return 2**70
