# SPDX-License-Identifier: BSD-2-Clause
"""The lines that run in the frames that a script tells of, as it tells them: of those of stacks,
and of places (pyusdt.lines.places)."""

import contextlib
import re

from pyusdt.bpftrace import stackline
from pyusdt.bpftrace.records import Text
from pyusdt.lines import places
from pyusdt.lines.codeobject import Code
from pyusdt.lines.current import CurrentLines, Frame
from pyusdt.rendering.description import Description
from pyusdt.rendering.marks import Marks

# What scripts print of each process that they know, bt/layout.bth.
PROCESS = re.compile(r"Process (\d{1,10}): CPython ")
# In a script, bt/place.bth.
NO_PLACES = "$places = 0;"


def has_places(script: str) -> bool:
    return NO_PLACES in script


def with_places(script: str, described: Description, by_line: bool) -> str:
    """In what it prints of events; @by_line: in the keys of maps, too."""
    has_lines = any(item.kind == "line" for row in described.fields.values() for item in row)
    level = 2 if by_line else int(has_lines)
    return script.replace(NO_PLACES, NO_PLACES.replace("0", str(level)))


class FrameLines:
    def __init__(self, lines: CurrentLines, marks: Marks | None, with_stacks: bool) -> None:
        """@with_stacks: they are shown."""
        self._lines = lines
        self._marks = marks
        self._with_stacks = with_stacks
        self.places = places.Places(lines)

    def take(self, told: Text) -> Text | None:
        """With the line that runs, where it is of a stack; None: there is nothing to show."""
        text = told.text
        if match := PROCESS.match(text if self._marks is None else self._marks.line(text).text()):
            self._lines.add_process(int(match[1]))
        elif text.startswith(stackline.MARK):
            return self._with_line(told) if self._with_stacks else told
        elif text.startswith(places.MARK) and self._marks is not None:
            return told if self._take_place(self._marks.line(text).data) else None
        return told

    def read_ahead(self, told: Text) -> None:
        """Whose turn comes later."""
        text = told.text
        with contextlib.suppress(ValueError):
            if text.startswith(stackline.MARK) and self._with_stacks:
                frame = frame_of(self._data(text))
            elif text.startswith(places.MARK) and self._marks is not None:
                frame = places.frame_of(self._marks.line(text).data)
            else:
                return
            self._lines.read_ahead(frame.pid, frame.code)

    def _with_line(self, told: Text) -> Text:
        line = self._line(self._data(told.text))
        if line is None:
            return told
        if self._marks is None:
            return told._replace(text=f"{told.text.rstrip()}\t{line}\n")
        return told._replace(text=self._marks.with_datum(told.text, str(line)))

    def _data(self, stack_line: str) -> tuple[str, ...]:
        if self._marks is not None:
            return self._marks.line(stack_line).data
        match = stackline.PATTERN.match(stack_line)
        return tuple(datum or "" for datum in match.groups()[:-1]) if match else ()

    def _line(self, data: tuple[str, ...]) -> int | None:
        """None: a script of the user's tells less of its stacks, or something else."""
        try:
            return self._lines.line(*frame_of(data))
        except ValueError:
            return None

    def _take_place(self, data: tuple[str, ...]) -> bool:
        """Returns: is it something else?"""
        try:
            self.places.take(data)
        except ValueError:
            return True
        return False


def frame_of(data: tuple[str, ...]) -> Frame:
    """Of a stack. Raises ValueError where it is none."""
    _, _, qualname, file, first_line, offset, pid, code = data
    return Frame(int(pid), Code(int(code, 16), qualname, file, int(first_line)), int(offset))
