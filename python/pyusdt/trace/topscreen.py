# SPDX-License-Identifier: BSD-2-Clause
"""The terminal while --top has it. Whatever ends the trace, it is given back as it was."""

import contextlib
import os
import signal
import sys
import tempfile
from types import ModuleType, TracebackType

from pyusdt.failure import Failure, say
from pyusdt.rendering.screen import screen_of
from pyusdt.rendering.top import Line, Top

curses: ModuleType | None = None
# Its library may be missing where the interpreter was built, or Debian's package here.
with contextlib.suppress(ImportError):
    import curses

INPUT, OUTPUT, ERRORS = range(3)


def check_terminal() -> None:
    """Now, not when the trace has begun. Raises Failure."""
    if not (os.isatty(INPUT) and os.isatty(OUTPUT)):
        raise Failure("--top: standard input and output are no terminal", 2)
    if curses is None:
        raise Failure(f"--top: {sys.executable} has no module curses", 2)
    try:
        curses.setupterm(fd=OUTPUT)
        can_move = curses.tigetstr("cup")
    except curses.error:
        can_move = None
    if not can_move:
        raise Failure(f"--top: nothing is known of the terminal {os.environ.get('TERM', '')!r} "
                      "(TERM)", 2)


class TopScreen:
    """For the thread that waits for signals."""

    def __init__(self, top: Top) -> None:
        self._top = top
        self._seen: object = None
        self._errors: tuple[int, int] | None = None

    def __enter__(self) -> "TopScreen":
        assert curses is not None
        self._catch_messages()
        self._window = curses.initscr()
        with contextlib.suppress(curses.error):
            curses.noecho()
            curses.cbreak()
            self._window.keypad(True)
            self._window.nodelay(True)
            curses.set_escdelay(25)
            curses.curs_set(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert curses is not None
        with contextlib.suppress(curses.error):
            curses.curs_set(1)
        with contextlib.suppress(curses.error):
            self._window.keypad(False)
            curses.nocbreak()
            curses.echo()
            curses.endwin()
        self._show_messages()

    def _catch_messages(self) -> None:
        """What is said meanwhile comes when the terminal has been given back."""
        if os.isatty(ERRORS):
            with tempfile.TemporaryFile() as file:
                self._errors = os.dup(ERRORS), os.dup(file.fileno())
                os.dup2(file.fileno(), ERRORS)

    def _show_messages(self) -> None:
        if self._errors is not None:
            terminal, file = self._errors
            self._errors = None
            os.dup2(terminal, ERRORS)
            os.close(terminal)
            with open(file, "rb") as messages:
                messages.seek(0)
                say(messages.read().decode(errors="backslashreplace"))

    def look(self) -> None:
        """To be called again and again: for keys, for a new size and for what is new."""
        self._take_keys()
        screen = screen_of(OUTPUT, self._window.encoding)
        with contextlib.suppress(OSError):
            height = os.get_terminal_size(OUTPUT).lines
            lines = self._top.lines(screen, height)
            if (screen, height, lines) != self._seen:
                self._seen = screen, height, lines
                self._draw(lines, screen.width or 80, height)

    def _take_keys(self) -> None:
        while (key := self._window.getch()) != -1:
            if key == ord("q"):
                # As it would have come from the terminal, but to this process only.
                os.kill(os.getpid(), signal.SIGINT)
            elif 0 <= key < 128:
                self._top.press(chr(key))

    def _draw(self, lines: list[Line], width: int, height: int) -> None:
        assert curses is not None
        with contextlib.suppress(curses.error):
            if self._window.getmaxyx() != (height, width):
                curses.resizeterm(height, width)
        self._window.erase()
        for at, line in enumerate(lines):
            text = line.text.encode(self._window.encoding, "backslashreplace").decode(
                self._window.encoding
            )
            # The last cell of a screen cannot be written without scrolling it, says an error.
            with contextlib.suppress(curses.error):
                self._window.addstr(at, 0, text, curses.A_BOLD if line.is_bold else 0)
        self._window.refresh()
