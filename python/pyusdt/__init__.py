# SPDX-License-Identifier: BSD-2-Clause
"""CPython execution as USDT probes for bpftrace, bcc, perf and friends.

Importing this module arms all events (PYUSDT_EVENTS narrows that): each is instrumented
while a tracer is attached to its probe, and costs nothing otherwise.
"""

import sys

if sys.version_info < (3, 12):
    raise ImportError(
        "pyusdt needs CPython 3.12 or later, this is %d.%d" % sys.version_info[:2]
    )


def _is_runner():
    """Is this python -m pyusdt, or its __main__.py? It arms the events itself, when the
    program starts."""
    if globals().get("_is_run_by_path"):
        return True
    if sys.argv[:1] != ["-m"]:
        return False
    name = sys.orig_argv[len(sys.orig_argv) - len(sys.argv)]
    return name == "pyusdt" or name.startswith("-") and name.endswith("mpyusdt")


def _drop_current_folder():
    """Python has put it in front for -m. Nothing but this package comes from there."""
    from posix import getcwd  # built in, unlike os

    try:
        if not sys.flags.safe_path and sys.path[:1] == [getcwd()]:
            del sys.path[0]
    except OSError:
        pass  # without a current folder it is not there


if _is_runner():
    _drop_current_folder()

from pyusdt import _pyusdt
from pyusdt.events import Event, parse_events, supported

__all__ = [
    "Event",
    "active",
    "armed",
    "configure",
    "disable",
    "enable",
    "enabled",
    "layout",
    "options",
    "parse_events",
    "parse_patterns",
    "poll",
    "supported",
]
__version__ = _pyusdt.version()

VALUES_NONE = 0
VALUES_SAFE = 1
VALUES_REPR = 2


def enable(events=None):
    """Arm exactly these events, all that are supported by default.

    Raises OSError when that cannot be done; what was armed before is then armed still.
    """
    _pyusdt.enable(supported() if events is None else events)


def disable():
    """Disarm all events, and give the sys.monitoring tool id back."""
    _pyusdt.disable()


def enabled():
    """The events that are armed."""
    return Event(_pyusdt.enabled())


def active():
    """The armed events whose probe has a tracer now."""
    return Event(_pyusdt.active())


def poll():
    """Look for tracers now rather than at the next tick; True if that changed anything."""
    return _pyusdt.poll()


def layout():
    """Where this process keeps its Python frames, for BPF programs: a dict of offsets.

    Raises OSError that says why where there is no layout; see pyusdt_layout.h.
    """
    return _pyusdt.layout()


class armed:
    """Arm exactly these events within a with block, and what was armed before after it."""

    def __init__(self, events=None):
        self._events = events

    def __enter__(self):
        self._before = enabled()
        enable(self._events)

    def __exit__(self, *exception):
        if self._before:
            enable(self._before)
        else:
            disable()


def options():
    """The options of the process, as a dict of the arguments of configure()."""
    names = ("poll_msec", "values", "value_max", "tool_id", "include", "exclude")
    return dict(zip(names, _pyusdt.options()))


def configure(**changes):
    """Set options of the process: poll_msec, values, value_max, tool_id, include, exclude.

    include and exclude are patterns, in one string with commas between or in a sequence,
    on "module.qualname" or after "file:" on the file name: code to tell of, and not to.
    Changing them while events are instrumented calls sys.monitoring.restart_events().

    Raises ValueError for a bad pattern, OSError for a value out of range, or for another
    tool_id while events are armed.
    """
    wanted = options()
    unknown = changes.keys() - wanted.keys()
    if unknown:
        raise TypeError(f"configure() has no option {sorted(unknown)[0]!r}")
    wanted.update(changes)
    for name in ("include", "exclude"):
        wanted[name] = ",".join(parse_patterns(wanted[name]))
    _pyusdt.configure(*wanted.values())


def parse_patterns(patterns):
    """A list of patterns out of a string with commas between, or of a sequence of them.

    Raises ValueError where one cannot be a pattern.
    """
    if patterns is None:
        return []
    if isinstance(patterns, str):
        patterns = filter(None, map(str.strip, patterns.split(",")))
    patterns = list(patterns)
    for pattern in patterns:
        error = _pyusdt.pattern_error(pattern)
        if error:
            raise ValueError(f"bad pattern {pattern!r}: {error}")
    return patterns


def _environment(name, default=None):
    """A variable of ours in the environment, which is not heeded in a setuid program."""
    value = _pyusdt.environment(name)
    return default if value is None else value


def _arm_at_import():
    # An import that fails or prints would change the program: enable() reports the same.
    try:
        events = parse_events(_environment("PYUSDT_EVENTS", "all"))
        if events:
            enable(events)
    except (OSError, ValueError):
        pass


if not _is_runner():
    _arm_at_import()
