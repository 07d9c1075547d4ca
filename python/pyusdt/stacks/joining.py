# SPDX-License-Identifier: BSD-2-Clause
"""Joins the Python stack of each map entry with its native and kernel frames."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pyusdt.bpftrace.escaping import escape
from pyusdt.stacks.frames import KERNEL, NATIVE, OTHER, PYTHON, Frame, Stack, count
from pyusdt.stacks.reading import Entry, Recording
from pyusdt.stacks.sourcelines import LineTable, NoLine, Place

NO_PYTHON = Frame("[no Python]", OTHER)
MISSING = Frame("[missing]", OTHER)


@dataclass
class JoinOptions:
    short: bool = False
    lines: bool = False
    full_native: bool = False


class Joined(NamedTuple):
    stacks: Counter[Stack]
    notes: list[str]


def join(
    recording: Recording, names: Sequence[str], options: JoinOptions
) -> Joined:
    """The entries of these maps. Notes say what could not be shown as it should be."""
    labeller = Labeller(options)
    stacks: Counter[Stack] = Counter()
    unknown: Counter[int] = Counter()
    for entry in (entry for name in names for entry in recording.maps[name]):
        frames = recording.stacks.get(entry.key)
        if entry.key and not frames:
            unknown[entry.key] += entry.value
        stacks[join_entry(entry, frames, labeller)] += entry.value
    notes = [
        *lost_notes(recording.lost),
        *rejection_notes(recording, names),
        *unknown_notes(unknown, stacks.total()),
    ]
    return Joined(+stacks, notes + labeller.notes())


def join_entry(
    entry: Entry, frames: dict[int, Place] | None, labeller: "Labeller"
) -> Stack:
    labels = escape(" ".join(entry.labels))
    process = (Frame(labels, OTHER),) if labels else ()
    native = entry.native
    if frames and not labeller.options.full_native:
        native = below_interpreter(native)
    return (
        *process,
        *python_part(entry.key, frames, labeller),
        *named_frames(native, NATIVE),
        *named_frames(entry.kernel, KERNEL),
    )


def python_part(
    key: int, frames: dict[int, Place] | None, labeller: "Labeller"
) -> Stack:
    if not key:
        return (NO_PYTHON,)
    if not frames:
        return (Frame(f"[unknown stack {key:x}]", OTHER),)
    found: list[Frame] = []
    expected = 0
    for depth in sorted(frames):
        if depth != expected:
            found.append(MISSING)
        found.append(labeller.frame(frames[depth]))
        expected = depth + 1
    return tuple(reversed(found))


def named_frames(texts: tuple[str, ...], kind: str) -> Iterator[Frame]:
    """Addresses without names, one after the other, are one frame: where unwinding went
    astray, there are many."""
    last = ""
    for text in reversed(texts):
        name = symbol(text)
        if name != UNKNOWN or name != last:
            yield Frame(name, kind)
        last = name


def below_interpreter(native: tuple[str, ...]) -> tuple[str, ...]:
    """Without the frames of the interpreter's loop and its callers: they are what the
    Python frames show."""
    for depth, text in enumerate(native):
        if symbol(text).startswith("_PyEval_EvalFrame"):
            return native[:depth]
    return native


UNKNOWN = "[unknown]"
ADDRESS = re.compile(r"0x[0-9a-f]+|\d[0-9a-f]*|[0-9a-f]{8,16}")
# As the stack modes bpftrace and perf print it.
NAMED = re.compile(
    r"(?:[0-9a-f]+ (?=\S))?(\S.*?)(?:\+(?:0x[0-9a-f]+|\d+)(?: .*)?| \(\[unknown\]\))?"
)


def symbol(text: str) -> str:
    named = NAMED.fullmatch(text)
    name = named[1] if named else text
    return UNKNOWN if ADDRESS.fullmatch(name) else escape(name)


def lost_notes(lost: int) -> Iterator[str]:
    if lost:
        yield f"bpftrace has lost {count(lost, 'event')}: numbers are too low"


def rejection_notes(recording: Recording, names: Sequence[str]) -> Iterator[str]:
    for name, count in recording.rejected.items():
        if name == "JSON":
            yield f"{count} lines of JSON are incomplete, ignored"
        elif name.lstrip("@") in names:
            yield f"{count} entries of {name} are not a stack key and a number, ignored"


def unknown_notes(unknown: Counter[int], total: int) -> Iterator[str]:
    if unknown:
        yield (
            f"no STACK lines for {count(len(unknown), 'stack key')}, "
            f"{unknown.total()} of {total}: shown as [unknown stack KEY]"
        )


class Labeller:
    """Frames as they are shown, made once each."""

    def __init__(self, options: JoinOptions) -> None:
        self.options = options
        self._frames: dict[Place, Frame] = {}
        self._table = LineTable()
        self._undecoded: dict[Place, str] = {}

    def frame(self, frame: Place) -> Frame:
        if frame not in self._frames:
            self._frames[frame] = self._make(frame)
        return self._frames[frame]

    def _make(self, frame: Place) -> Frame:
        # Without a name, the script has put what it knows into the place of the file.
        name, file = (frame.qualname, frame.file) if frame.qualname else (frame.file, "")
        first_line, current = max(frame.line, 0), frame.current
        if not current and self.options.lines and file:
            current = self._decode(frame)
        line = current or first_line
        if self.options.short:
            # Functions of one name are one, or their lines are.
            file, first_line = "", 0
            if not self.options.lines:
                line, current = 0, None
        return Frame(escape(name) or "?", PYTHON, escape(file), line, first_line, current == 0)

    def _decode(self, frame: Place) -> int | None:
        try:
            return self._table.line(frame)
        except NoLine as reason:
            self._undecoded[frame] = str(reason)
            return frame.current

    def notes(self) -> list[str]:
        if not self._undecoded:
            return []
        functions = {frame[:3]: reason for frame, reason in self._undecoded.items()}
        name, reason = min((name, reason) for (name, *_), reason in functions.items())
        more = f" and {len(functions) - 1} more" if len(functions) > 1 else ""
        return [f"--lines: {name}{more} shown with the first line: {reason}"]
