# SPDX-License-Identifier: BSD-2-Clause
"""The events, with the numbers of libpyusdt (not those of sys.monitoring)."""

import enum
import sys

from pyusdt import _pyusdt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyusdt import Event as Event
else:
    Event = enum.IntFlag("Event", _pyusdt.events(), module="pyusdt")


def supported() -> Event:
    """The events that the running CPython has."""
    return Event(_pyusdt.supported())


def parse_events(text: str) -> Event:
    """Events out of comma-separated names; "all" is all supported, "none" is none."""
    events = Event(0)
    for name in text.split(","):
        name = name.strip().upper()
        if name == "ALL":
            events |= supported()
        elif name in Event.__members__:
            events |= _required(name)
        elif name and name != "NONE":
            known = ", ".join(Event.__members__)
            raise ValueError(f"unknown event {name!r}: use all, none, or of {known}")
    return events


def _required(name: str) -> Event:
    if not Event[name] & supported():
        version = "%d.%d" % sys.version_info[:2]
        raise ValueError(f"Python {version} has no event {name}")
    return Event[name]
