# SPDX-License-Identifier: BSD-2-Clause
"""Threads of classes that note what they are asked, first without a tracer."""

import threading

seen = []


class Hostile(threading.Thread):
    __dict__ = property(lambda self: seen.append("dict"))
    name = property(lambda self: seen.append("name"), lambda self, name: None)

    def __getattribute__(self, name):
        seen.append((name, sys._getframe(1).f_code.co_name))
        return super().__getattribute__(name)

    def __repr__(self):
        seen.append("repr")

    def __del__(self):
        seen.append("del")


class Slots(threading.Thread):
    __slots__ = ("x",)


class Named(threading.Thread):
    def __init__(self, name):
        super().__init__()
        self._name = name


def names(*arguments, **keywords):
    run(*arguments, **keywords)
    return [event[1] for event in told()]


run(Hostile, name="evil")
untold = seen[:]
seen.clear()
