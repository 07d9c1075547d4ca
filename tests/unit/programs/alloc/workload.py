# SPDX-License-Identifier: BSD-2-Clause
"""A program of every kind of value and every event, with a new code object each time.

The thread is none: it would be another one than where calls fail.
"""

import functools, gc, threading


class Odd(Exception):
    pass


class Shown:
    def __repr__(self):
        return "s" * 99

    def method(self):
        pass


class Thread:
    def __init__(self):
        self._name = "none"

    def _delete(self):
        pass


def caught(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return error


def throw(error):
    raise error


def find(name):
    sys.modules.pop(name, None)
    __import__(name)


errors = (
    ValueError("x"),
    ValueError("x\n"),
    Odd("x" * 999),
    KeyError("k"),
    OSError(2, "m"),
    ValueError(1, 2),
    ValueError(10**40),
    Odd(),
)


def values(n):
    space = {}
    exec("def g(x): yield x\ndef f(x): return x", space)
    f, g = space["f"], space["g"]
    for x in (
        None,
        7,
        10**40,
        1 << 9999,
        0.5,
        "x" * 999,
        b"x" * 999,
        [],
        f,
        int,
        len,
        [].append,
        list.append,
        [1, "x", [2]],
        (1, b"y", (0.5,)),
        {1: 2.5, "k": [3]},
        {4},
        frozenset("f"),
        set(),
        Shown(),
        sys,
        functools.partial(f, 1),
        Shown().method,
        Odd,
    ):
        assert f(x) is x
    assert list(g(n)) == [n]
    return n


def exceptions(n):
    for error in errors:
        assert caught(throw, error) is error
        error.__traceback__ = error.__context__ = None
    g = (x for x in (n,))
    assert caught(g.throw, errors[0]) is errors[0]
    errors[0].__traceback__ = errors[0].__context__ = None
    return n


def runtime(n):
    assert caught(find, "__hello__") is None
    assert type(caught(find, "nowhere")) is ModuleNotFoundError
    run = threading.Thread._bootstrap_inner
    assert type(caught(run, Thread())) is AttributeError
    gc.collect()
    return n


def workload(n):
    values(n)
    exceptions(n)
    runtime(n)


workload(0)
