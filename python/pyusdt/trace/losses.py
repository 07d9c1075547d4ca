# SPDX-License-Identifier: BSD-2-Clause
"""What a trace is known to lack, for the line that tells it at the end."""

from pyusdt.bpftrace.records import Lost, Problem, Record, Text

# What the installed scripts print, bt/say_full.bth.
FULL = "A map is full: "


class Losses:
    def __init__(self) -> None:
        self.events = 0
        self.has_full_map = False
        # Of those that were to be traced.
        self.unreadable: set[int] = set()

    def take(self, record: Record) -> None:
        match record:
            case Lost(events):
                self.events += events
            case Problem(_, True):
                # Of errors in maps there is no other, see records.is_error().
                self.has_full_map = True
            case Text("printf", text) if text.startswith(FULL):
                self.has_full_map = True

    def told(self) -> str | None:
        """None: nothing is known to be missing."""
        parts = []
        if self.events:
            parts.append(f"bpftrace has lost {self.events:,} event{plural(self.events)}")
        if self.has_full_map:
            parts.append("a map was full (FULL MAPS in pyusdt-trace(1))")
        if self.unreadable:
            count = len(self.unreadable)
            parts.append(f"{count} process{plural(count, 'es')} could not be read")
        return "missing in the trace: " + "; ".join(parts) if parts else None


def plural(count: int, end: str = "s") -> str:
    return "" if count == 1 else end
