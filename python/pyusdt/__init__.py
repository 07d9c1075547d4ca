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


def _is_located() -> bool:
    """Is this python -m pyusdt, which imports the package before it runs __main__.py?

    While Python looks for the module that -m names, sys.argv begins with "-m" in its place.
    """
    if sys.argv[:1] != ["-m"]:
        return False
    name = sys.orig_argv[len(sys.orig_argv) - len(sys.argv)]
    return name == "pyusdt" or name.startswith("-") and name.endswith("mpyusdt")


def _drop_current_folder() -> None:
    """Python has put it in front for -m. Nothing but this package comes from there."""
    from posix import getcwd  # built in, unlike os

    try:
        if not sys.flags.safe_path and sys.path[:1] == [getcwd()]:
            del sys.path[0]
    except OSError:
        pass  # without a current folder it is not there


# None in place of a module is how Python is told not to import it. The commands that can,
# say so themselves before they import the package.
if _is_located():
    _drop_current_folder()
    sys.modules["pyusdt.arming"] = None

from pyusdt import _pyusdt
from pyusdt.api import (
    VALUES_NONE, VALUES_REPR, VALUES_SAFE, active, armed, configure, disable, enable,
    enabled, layout, options, parse_events, parse_patterns, poll, supported,
)

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
    "profile",
    "supported",
]
__version__ = _pyusdt.version()


def __getattr__(name: str) -> object:
    """What takes time to import is imported by who asks for it."""
    global Event, profile
    if name == "Event":
        from pyusdt.flags import Event

        return Event
    if name == "profile":
        from pyusdt.profiling.session import profile

        return profile
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if sys.modules.get("pyusdt.arming", sys) is None:
    del sys.modules["pyusdt.arming"]
else:
    from pyusdt import arming
