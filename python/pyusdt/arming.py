# SPDX-License-Identifier: BSD-2-Clause
"""Arms the events when it is imported, which is the last that ``import pyusdt`` does.

Those that PYUSDT_EVENTS names, else all. A command of this package, which arms them later
or not at all, keeps this from being imported, see pyusdt/__init__.py.
"""

from pyusdt import _pyusdt
from pyusdt.api import enable
from pyusdt.events import parse_events

# An import that fails or prints would change the program: enable() reports the same.
try:
    names = _pyusdt.environment("PYUSDT_EVENTS")
    events = parse_events("all" if names is None else names)
    if events:
        enable(events)
except (OSError, ValueError):
    pass
