# SPDX-License-Identifier: BSD-2-Clause
"""The functions of the package, over those of the binding."""

from pyusdt import _pyusdt
from pyusdt.events import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyusdt import Event

VALUES_NONE = 0
VALUES_SAFE = 1
VALUES_REPR = 2


def enable(events: "Event | None" = None) -> None:
    """Arm exactly these events, all that are supported by default.

    Raises OSError when that cannot be done; what was armed before is then armed still.
    """
    _pyusdt.enable(_pyusdt.supported() if events is None else events)


def disable() -> None:
    """Disarm all events, and give the sys.monitoring tool id back."""
    _pyusdt.disable()


def enabled() -> "Event":
    """The events that are armed."""
    return _as_flags(_pyusdt.enabled())


def active() -> "Event":
    """The armed events whose probe has a tracer now."""
    return _as_flags(_pyusdt.active())


def supported() -> "Event":
    """The events that the running CPython has."""
    return _as_flags(_pyusdt.supported())


def parse_events(text: str) -> "Event":
    """Events out of comma-separated names; "all" is all supported, "none" is none."""
    return _as_flags(parse(text))


def _as_flags(events: int) -> "Event":
    from pyusdt.flags import Event

    return Event(events)


def poll() -> bool:
    """Look for tracers now rather than at the next tick; True if that changed anything."""
    return _pyusdt.poll()


def layout() -> dict[str, int]:
    """Where this process keeps its Python frames, for BPF programs: a dict of offsets.

    Raises OSError that says why where there is no layout; see pyusdt_layout.h.
    """
    return _pyusdt.layout()


class armed:
    """Arm exactly these events within a with block, and what was armed before after it."""

    def __init__(self, events: "Event | None" = None) -> None:
        self._events = events

    def __enter__(self) -> None:
        self._before = _pyusdt.enabled()
        enable(self._events)

    def __exit__(self, *exception: object) -> None:
        if self._before:
            _pyusdt.enable(self._before)
        else:
            disable()


def options() -> "dict[str, Any]":
    """The options of the process, as a dict of the arguments of configure()."""
    names = ("poll_msec", "values", "value_max", "tool_id", "include", "exclude")
    return dict(zip(names, _pyusdt.options()))


def configure(**changes: "Any") -> None:
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


def parse_patterns(patterns: "str | Iterable[str] | None") -> list[str]:
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
