# SPDX-License-Identifier: BSD-2-Clause
"""Functions that are counted; expected() says how often each is entered and left."""


def leaf():
    pass


def recurse(n):
    if n:
        recurse(n - 1)
    leaf()


def numbers(n):
    for i in range(n):
        yield i


def delegate(n):
    return (yield from numbers(n))


def fail(n):
    if not n:
        raise ValueError
    fail(n - 1)


def caught(n):
    try:
        fail(n)
    except ValueError:
        leaf()


def thrown():
    generator = delegate(9)
    next(generator)
    next(generator)
    try:
        generator.throw(KeyError)
    except KeyError:
        pass


def closed():
    generator = numbers(9)
    next(generator)
    generator.close()


def key(number):
    return -number


class Thing:
    def method(self):
        leaf()


def run():
    recurse(4)
    list(delegate(3))
    caught(2)
    thrown()
    sorted(range(7), key=key)
    Thing().method()


# (calls, resumes, exceptions): an exception that is thrown into a generator resumes it.
COUNTS = {
    "run": (1, 0, 0),
    "recurse": (5, 0, 0),
    "leaf": (7, 0, 0),
    "delegate": (2, 5, 1),
    "numbers": (2, 5, 1),
    "caught": (1, 0, 0),
    "fail": (3, 0, 3),
    "thrown": (1, 0, 0),
    "key": (7, 0, 0),
    "Thing.method": (1, 0, 0),
}
