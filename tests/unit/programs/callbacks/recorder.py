# SPDX-License-Identifier: BSD-2-Clause
"""Notes what sys.monitoring says of each event, by another tool and in Python.

The tuples are those of core.records(), but for the code id: the code object. And what the
line is that runs, for the provider python.
"""

theirs, lines, keep = [], [], []


def current(code, frame, offset):
    for start, end, line in code.co_lines():
        if start <= offset < end and line is not None:
            return line
    return frame.f_lineno or code.co_firstlineno


def at(code, frame, offset):
    return code.co_firstlineno, offset, None, 0


def at_line(code, frame, line):
    return line, -1, None, 0


def going(code, frame, offset, destination):
    return code.co_firstlineno, offset, None, destination


def with_(format):
    def showing(code, frame, offset, value, argument=None):
        keep.append(value)
        return code.co_firstlineno, offset, format(value, 256), id(value)

    return showing


def failing(code, frame, offset, exception):
    shown = with_(core.format_exception)(code, frame, offset, exception)
    return current(code, frame, offset), *shown[1:]


value, called = with_(core.format_value), with_(core.format_callable)
KINDS = dict(
    PY_START=at,
    PY_RESUME=at,
    PY_RETURN=value,
    PY_YIELD=value,
    CALL=called,
    LINE=at_line,
    C_RETURN=called,
    C_RAISE=called,
    JUMP=going,
    BRANCH=going,
    BRANCH_LEFT=going,
    BRANCH_RIGHT=going,
    INSTRUCTION=at,
)


def note(event, code, frame, *arguments):
    keep.append(code)
    line, *rest = KINDS.get(event, failing)(code, frame, *arguments)
    theirs.append(
        (
            event,
            code.co_name,
            code.co_filename,
            line,
            *rest[:2],
            code.co_qualname,
            "work",
            code,
            rest[2],
        )
    )
    lines.append(line if event == "LINE" else current(code, frame, rest[0]))
