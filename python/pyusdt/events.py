# SPDX-License-Identifier: BSD-2-Clause
"""The events by their names, with the numbers of libpyusdt (not those of sys.monitoring).

As plain numbers: what starts a program has no use for the enum of flags.py.
"""

import sys

from pyusdt import _pyusdt


def parse(text: str) -> int:
    """Events out of comma-separated names; "all" is all supported, "none" is none."""
    known = dict(_pyusdt.events())
    supported = _pyusdt.supported()
    events = 0
    for name in text.split(","):
        name = name.strip().upper()
        if name == "ALL":
            events |= supported
        elif name in known:
            if not known[name] & supported:
                version = "%d.%d" % sys.version_info[:2]
                raise ValueError(f"Python {version} has no event {name}")
            events |= known[name]
        elif name and name != "NONE":
            raise ValueError(
                f"unknown event {name!r}: use all, none, or of {', '.join(known)}"
            )
    return events
