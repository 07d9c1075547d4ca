# SPDX-License-Identifier: BSD-2-Clause
"""Arms the events when it is imported, which is the last that ``import pyusdt`` does.

Those that PYUSDT_EVENTS names, else all. A command of this package, which arms them later
or not at all, keeps this from being imported, see pyusdt/__init__.py.
"""

from pyusdt import _pyusdt
from pyusdt.events import parse

# An import that fails or prints would change the program: enable() reports the same.
try:
    names = _pyusdt.environment("PYUSDT_EVENTS")
    events = parse("all" if names is None else names)
    if events:
        _pyusdt.enable(events)
except (OSError, ValueError):
    pass
