# SPDX-License-Identifier: BSD-2-Clause
"""Code under two names that is the source of every event, and what is told of it."""

from collections import Counter


def make(module, file, source):
    names = {"__name__": module}
    exec(compile(source, file, "exec"), names)
    return names


WORK = """
def resumed():
    try:
        yield 1
    except KeyError:
        yield 2
def raising():
    raise ValueError('wrong')
def delegating():
    yield from resumed()
def work():
    for number in range(3):
        if number:
            len('')
    generator = resumed()
    next(generator)
    generator.throw(KeyError)
    try:
        raising()
    except ValueError:
        pass
    try:
        try:
            int('x')
        finally:
            number = 0
    except ValueError:
        pass
    for number in delegating():
        pass
"""
wanted = make("wanted.part", "/src/wanted.py", WORK)["work"]
other = make("other", "/src/other.py", WORK)["work"]


def told(file):  # event, name, line, offset, qualified name
    return [r[:2] + r[3:5] + r[6:7] for r in core.records(file)]


def events_of(file):
    return {r[0] for r in core.records(file)}


def run(function):
    core.clear()
    function()
    return told(function.__code__.co_filename)


# How often each of our callbacks is called for each place of other().
calls = Counter()


def counted(name, callback):
    def count(code, place, *rest):
        if code.co_filename == "/src/other.py":
            calls[name, code.co_name, place] += 1
        return callback(code, place, *rest)

    return count


def count_calls():
    for name in registered(4):
        callback = real_register(4, EVENTS[name], None)
        real_register(4, EVENTS[name], counted(name, callback))


STAY = {"PY_THROW", "PY_UNWIND", "RAISE", "RERAISE", "EXCEPTION_HANDLED"}
