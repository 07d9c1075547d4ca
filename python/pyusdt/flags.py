# SPDX-License-Identifier: BSD-2-Clause
"""The events as an enum.

To import enum and to make a class of it takes longer than all the rest of ``import pyusdt``,
so this is imported by who first asks for an Event.
"""

import enum

from pyusdt import _pyusdt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyusdt import Event as Event
else:
    Event = enum.IntFlag("Event", _pyusdt.events(), module="pyusdt")
