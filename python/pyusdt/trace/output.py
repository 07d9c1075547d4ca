# SPDX-License-Identifier: BSD-2-Clause
"""Where a trace is written to, in which form, and what becomes of it when that takes no more."""

import contextlib
import errno
import os
import select
import sys
from collections.abc import Iterator

from pyusdt.failure import Failure
from pyusdt.files import private
from pyusdt.lines.current import CurrentLines
from pyusdt.rendering.screen import Screen, screen_of
from pyusdt.rendering.top import Top
from pyusdt.trace import progress
from pyusdt.trace.losses import Losses
from pyusdt.trace.names import Names
from pyusdt.trace.presentation import Form, Presentation
from pyusdt.trace.topscreen import TopScreen


class Output:
    """A file or standard output. Writing never fails: what went wrong is kept."""

    def __init__(
        self, name: str | None = None, presentation: Presentation = Presentation(),
        raw_copy: "Output | None" = None, top: str = "",
    ) -> None:
        """@raw_copy: takes the same in the raw form. @top: the title of a screen."""
        self.name = "standard output" if name is None else name
        self.presentation = presentation
        self.raw_copy = raw_copy
        self.losses = Losses()
        self.names = Names()
        self.top = Top(top) if presentation.has_top else None
        self._screen: TopScreen | None = None
        # While the screen is kept.
        self._held: list[str] = []
        self.lines = CurrentLines()
        self.error: OSError | None = None
        # A trace has values of the program, which may be secrets.
        opener = None if name is None else private
        try:
            self._file = open(
                standard_output() if name is None else name,
                "w",
                encoding="utf-8" if name is not None else sys.stdout.encoding,
                errors="backslashreplace",
                closefd=name is not None,
                opener=opener,
            )
        except OSError as error:
            raise Failure(f"{self.name}: {error.strerror}") from None
        self._is_terminal = self._file.isatty()
        self._poll = select.poll()
        self._poll.register(self._file.fileno(), 0)

    def write(self, text: str) -> None:
        if self.error is not None:
            return
        if self._screen is not None:
            self._held.append(text)
            return
        if self._is_terminal:
            progress.clear()
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            self.error = error

    def write_copy(self, text: str) -> None:
        assert self.raw_copy is not None
        self.raw_copy.write(text)
        self.error = self.error or self.raw_copy.error

    def screen(self) -> Screen:
        """As it is now."""
        return screen_of(self._file.fileno(), self._file.encoding)

    @contextlib.contextmanager
    def kept_screen(self) -> Iterator[None]:
        """Where that is wanted, as long as the trace runs."""
        if self.top is None:
            yield
            return
        with TopScreen(self.top) as self._screen:
            try:
                yield
            finally:
                self._screen = None
        for text in self._held:
            self.write(text)

    def look(self) -> None:
        """To be called again and again."""
        if self.presentation.form != Form.RAW:
            self.names.look()
        if self._screen is not None:
            self._screen.look()

    def is_lost(self) -> bool:
        """Nobody gets any more of it: it is full, or its reader has gone."""
        return self.error is not None or self.reader_has_gone()

    def reader_has_gone(self) -> bool:
        """That of a pipe, as head does when it has all it wants: no reason to complain."""
        if self.error is not None:
            return self.error.errno == errno.EPIPE
        return any(events & select.POLLERR for _, events in self._poll.poll(0))

    def close(self) -> None:
        if self.raw_copy is not None:
            self.raw_copy.close()
        try:
            self._file.close()
        except OSError as error:
            self.error = self.error or error


def standard_output() -> int:
    if sys.stdout is None:
        raise Failure("standard output is closed: give -o FILE")
    return sys.stdout.fileno()
