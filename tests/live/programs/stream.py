# SPDX-License-Identifier: BSD-2-Clause
"""A program with every kind of event, and what CPython itself says of them.

Beside pyusdt a second tool of sys.monitoring, written in Python, records the same events;
they are written as JSON to the file named by the first argument.
"""

import json
import os
import sys
import types

FILE = os.path.abspath(__file__)
TOOL = 1
RECORDED = []
SCALARS = (type(None), bool, int, float, str, bytes)


def main():
    # One CPU: bpftrace keeps the order of lines within a CPU only.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    start_recording()
    workload()
    stop_recording()
    with open(sys.argv[1], "w") as file:
        json.dump(RECORDED, file)


def workload():
    plain(1, 2)
    Thing("a").method()
    Thing.made()
    Thing.fixed()
    list(generator(3))
    next(delegating())
    coroutine_run(waiting())
    [len(text) for text in ("x", "yy")]
    recursive(5)
    (lambda: "λ")()
    outer()()
    returns_everything()
    namespace = {"__name__": "made.up"}
    exec(compile("def odd(): return 1\nodd()\n", FILE, "exec"), namespace)


def plain(a, b):
    c = a + b
    return c


class Thing:
    def __init__(self, name):
        self.name = name

    def method(self):
        return self

    @classmethod
    def made(cls):
        return cls("b")

    @staticmethod
    def fixed():
        return Thing


def generator(limit):
    for number in range(limit):
        yield number


def delegating():
    yield from generator(2)


@types.coroutine
def pause(value):
    return (yield value)


async def waiting():
    first = await pause("paused")
    return first


def coroutine_run(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration:
        pass


def recursive(depth):
    if depth:
        return recursive(depth - 1)
    return "bottom"


def outer():
    def inner():
        return b"\x00'"

    return inner


def returns_everything():
    for value in (
        None, True, -1, 2**63, 10**30, 1.5, float("nan"), "it's", 'a "b"\n', "", b"x",
        (), [1], {}, plain, len, [].append, Thing, Thing("c").method, int, ValueError("x"),
    ):
        identity(value)


def identity(value):
    return value


def shown(value):
    """What arg4 of RETURN and YIELD says of @value."""
    if type(value) in SCALARS:
        return repr(value)
    return named(value)


def named(value):
    """What arg4 of CALL says of the callable @value."""
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, (types.FunctionType, types.MethodType)):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, types.BuiltinFunctionType):
        owner = value.__self__
        if isinstance(owner, types.ModuleType):
            return f"{value.__module__}.{value.__name__}"
        return f"{named(owner if isinstance(owner, type) else type(owner))}.{value.__name__}"
    if isinstance(value, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        return f"{named(value.__objclass__)}.{value.__name__}"
    return f"<{named(type(value))} at {id(value):#x}>"


def record(event, code, line, offset, text=None, value=0):
    if code.co_filename == FILE:
        module = sys._getframe(2).f_globals["__name__"]
        head = [code.co_name, code.co_filename, line, offset, text, code.co_qualname]
        RECORDED.append([event, *head, module, value])


def callbacks():
    def at_offset(event):
        return lambda code, offset: record(event, code, code.co_firstlineno, offset)

    def with_value(event, text):
        return lambda code, offset, value, *rest: record(
            event, code, code.co_firstlineno, offset, text(value), id(value)
        )

    return {
        "PY_START": at_offset("PY_START"),
        "PY_RESUME": at_offset("PY_RESUME"),
        "PY_RETURN": with_value("PY_RETURN", shown),
        "PY_YIELD": with_value("PY_YIELD", shown),
        "CALL": with_value("CALL", named),
        "LINE": lambda code, line: record("LINE", code, line, -1),
    }


def start_recording():
    sys.monitoring.use_tool_id(TOOL, "reference")
    for name, callback in callbacks().items():
        event = getattr(sys.monitoring.events, name)
        sys.monitoring.register_callback(TOOL, event, callback)
    sys.monitoring.set_events(
        TOOL, sum(getattr(sys.monitoring.events, name) for name in callbacks())
    )


def stop_recording():
    sys.monitoring.set_events(TOOL, 0)
    sys.monitoring.free_tool_id(TOOL)


main()
