# SPDX-License-Identifier: BSD-2-Clause
"""What CPython itself says of the events of a file, by sys.monitoring and in Python.

The reference that the probes of pyusdt are held against: another tool at the same run.
"""

import functools
import sys
import types

# CPython calls the one with the higher number first, and the library tells BRANCH first.
TOOL, BRANCH_TOOL = 1, 2
SCALARS = (type(None), bool, int, float, str, bytes)
CONTAINERS = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    dict: ("{", "}"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}


class Recorder:
    """Records, between start() and stop(), what happens in code of @file."""

    def __init__(self, file):
        self.rows = []
        self._file = file
        self._codes = {}

    def start(self, names):
        for tool in (TOOL, BRANCH_TOOL):
            sys.monitoring.use_tool_id(tool, f"reference {tool}")
            mine = [name for name in names if tool_of(name) == tool]
            for name in mine:
                for source in sources(name):
                    register(tool, source, self._callback(name))
            events = {event(control(source)) for name in mine for source in sources(name)}
            sys.monitoring.set_events(tool, sum(events))

    def stop(self):
        for tool in (TOOL, BRANCH_TOOL):
            sys.monitoring.set_events(tool, 0)
            for name in filter(has, CALLBACKS):
                register(tool, name, None)
            sys.monitoring.free_tool_id(tool)

    def _callback(self, name):
        describe = CALLBACKS[name]

        def callback(code, *arguments):
            if code.co_filename == self._file:
                self._record(name, code, *describe(code, sys._getframe(1), *arguments))

        return callback

    def _record(self, name, code, line, offset, text, value, current):
        # Kept, so that no other code object is found at the address of a dead one.
        number = self._codes.setdefault(id(code), (len(self._codes), code))[0]
        module = sys._getframe(2).f_globals["__name__"]
        head = [code.co_name, code.co_filename, line, offset, text, code.co_qualname]
        self.rows.append([name, *head, module, number, value, current])


def event(name):
    return getattr(sys.monitoring.events, name)


def has(name):
    return hasattr(sys.monitoring.events, name)


def register(tool, name, callback):
    sys.monitoring.register_callback(tool, event(name), callback)


def tool_of(name):
    # From 3.14 on it is made of the other two, which one tool has one callback for.
    return BRANCH_TOOL if name == "BRANCH" else TOOL


def sources(name):
    """The events of sys.monitoring that @name comes from."""
    # Not its own BRANCH, which from 3.14 on knows nothing of async for: gh-123076.
    if name == "BRANCH" and has("BRANCH_LEFT"):
        return ("BRANCH_LEFT", "BRANCH_RIGHT")
    return (name,)


def control(name):
    """The event that has to be set for @name to come."""
    return "CALL" if name in ("C_RETURN", "C_RAISE") else name


def current_line(code, frame, offset):
    for start, end, line in code.co_lines():
        if start <= offset < end and line is not None:
            return line
    # Of all that has no line, as after except*, nothing is known but the function.
    return frame.f_lineno or code.co_firstlineno


def at_offset(code, frame, offset):
    return code.co_firstlineno, offset, None, 0, current_line(code, frame, offset)


def at_line(code, frame, line):
    return line, -1, None, 0, line


def with_destination(code, frame, offset, destination):
    return code.co_firstlineno, offset, None, destination, None


def with_value(code, frame, offset, value):
    current = current_line(code, frame, offset)
    return code.co_firstlineno, offset, shown(value), id(value), current


def with_callable(code, frame, offset, function, argument):
    return code.co_firstlineno, offset, named(function), id(function), None


def with_exception(code, frame, offset, exception):
    current = current_line(code, frame, offset)
    return current, offset, exception_text(exception), id(exception), current


CALLBACKS = {
    "PY_START": at_offset,
    "PY_RESUME": at_offset,
    "PY_RETURN": with_value,
    "PY_YIELD": with_value,
    "CALL": with_callable,
    "LINE": at_line,
    "PY_UNWIND": with_exception,
    "PY_THROW": with_exception,
    "RAISE": with_exception,
    "RERAISE": with_exception,
    "EXCEPTION_HANDLED": with_exception,
    "STOP_ITERATION": with_exception,
    "C_RETURN": with_callable,
    "C_RAISE": with_callable,
    "JUMP": with_destination,
    "BRANCH": with_destination,
    "BRANCH_LEFT": with_destination,
    "BRANCH_RIGHT": with_destination,
    "INSTRUCTION": at_offset,
}


def shown(value):
    """What arg4 of RETURN and YIELD says of @value."""
    if type(value) in SCALARS:
        return repr(value)
    if type(value) in CONTAINERS:
        return contents(value)
    return named(value)


def contents(container):
    """As repr() has it, up to eight items that are no containers."""
    if len(container) == 0:
        return repr(container)
    first = list(container)[:8]
    items = [item(value) for value in first]
    if type(container) is dict:
        items = [f"{key}: {item(container[value])}" for key, value in zip(items, first)]
    if len(container) > len(first):
        items.append(f"... {len(container) - len(first)} more")
    single = type(container) is tuple and len(container) == 1
    left, right = CONTAINERS[type(container)]
    return left + ", ".join(items) + ("," if single else "") + right


def item(value):
    if type(value) in CONTAINERS and len(value):
        return f"<{type(value).__name__} of {len(value)}>"
    text = shown(value).encode()
    # An item has room for 64 bytes with its NUL.
    return (text if len(text) < 64 else text[:60] + b"...").decode(errors="ignore")


def named(value):
    """What arg4 of CALL says of the callable @value."""
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, (types.FunctionType, types.MethodType)):
        # Of its code, whatever functools.wraps() has made of its own.
        module = value.__globals__["__name__"]
        return f"{module}.{value.__code__.co_qualname}"
    if type(value) is functools.partial:
        return f"functools.partial({named(value.func)})"
    if isinstance(value, types.BuiltinFunctionType):
        owner = value.__self__
        if isinstance(owner, types.ModuleType):
            return f"{value.__module__}.{value.__name__}"
        return f"{named(owner if isinstance(owner, type) else type(owner))}.{value.__name__}"
    if isinstance(value, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        return f"{named(value.__objclass__)}.{value.__name__}"
    return f"<{named(type(value))} at {id(value):#x}>"


def exception_text(exception):
    """What arg4 of the events of exceptions says."""
    kind = type(exception)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    message = exception_message(exception, BaseException.args.__get__(exception))
    return name if message is None else f"{name}: {message}"


def exception_message(exception, args):
    if not args or type(args[0]) not in SCALARS:
        return None
    first = args[0]
    if len(args) > 1:
        if isinstance(exception, OSError) and (type(first), type(args[1])) == (int, str):
            return f"[Errno {first}] {printable(args[1])}"
        return f"({first!r}, ...)"
    if type(first) is str and not isinstance(exception, KeyError):
        return printable(first)
    return repr(first)


def printable(text):
    return text if text.isprintable() else repr(text)[1:-1]
