# SPDX-License-Identifier: BSD-2-Clause
"""The screen that pyusdt-trace --top keeps: what stands there, and how a terminal is left."""

import datetime
import fcntl
import importlib.util
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import textwrap
import time
import unittest
from unittest import mock

from optional import where
from pyusdt.failure import Failure
from pyusdt.rendering import description
from pyusdt.rendering.model import Interval, Table, make_table
from pyusdt.rendering.screen import Screen
from pyusdt.rendering.top import Line, Tables, Top
from pyusdt.trace import topscreen

SECONDS = 60  # only a failing test takes so long
PART = description.Part(
    "TABLE", "Times", description.items("function, file, line"),
    (description.Column("TOTAL", "total", "us"), description.Column("TICKS", "ticks", "count")),
)
OTHER = description.Part("TABLE", "Others", description.items("NAME text"),
                         (description.Column("N", "n", "count"),))
NOON = datetime.datetime(2026, 11, 28, 12)


def times(**values: tuple[int, int]) -> Table:
    keys = {name: (name, f"/srv/{name}.py", "7") for name in values}
    return make_table(PART, {
        "total": {keys[name]: value[0] for name, value in values.items()},
        "ticks": {keys[name]: value[1] for name, value in values.items()},
    })


def tables(new: list[Table], everything: list[Table] | None = None) -> Tables:
    interval = Interval(1, NOON, NOON + datetime.timedelta(seconds=2))
    return Tables(interval, new, new if everything is None else everything)


FIRST = times(a=(3000, 1), b=(2000, 5), c=(1000, 3))


class Shown(unittest.TestCase):
    def setUp(self) -> None:
        self.top = Top("pytest of \x1b")
        self.top.take(tables([FIRST], [times(a=(9000, 100), b=(2000, 5), c=(1000, 3))]))

    def lines(self, height: int = 12, width: int = 60) -> list[str]:
        lines = self.top.lines(Screen(width), height)
        for line in lines:
            self.assertLessEqual(len(line.text), width)
        self.assertEqual(len(lines), height)
        return [line.text for line in lines]

    def names(self) -> str:
        return "".join(line.split("/srv/")[1][0] for line in self.lines() if "/srv/" in line)

    def press(self, keys: str) -> None:
        for key in keys:
            self.top.press(key)

    def test_screen(self) -> None:
        self.assertEqual(self.lines(10, 70), [
            r"pytest of \x1b  12:00:02  2.0 s",
            "Times",
            "TOTAL\u2193  TICKS  FUNCTION  FILE:LINE",
            "3.0 ms      1  a         /srv/a.py:7",
            "2.0 ms      5  b         /srv/b.py:7",
            "1.0 ms      3  c         /srv/c.py:7",
            "", "", "",
            "< > T I F L sort  r reverse  a all  p freeze  q quit",
        ])

    def test_before_the_first_interval(self) -> None:
        self.top = Top("x")
        self.press("<>rapTF\t z")
        self.assertEqual(self.lines()[2], "waiting for the first interval")

    def test_sorting(self) -> None:
        for keys, expected in (
            ("", "abc"), ("I", "bca"), ("r", "acb"), ("r", "bca"), (">", "abc"), ("r", "cba"),
            ("T", "abc"), ("<", "abc"), ("<", "abc"), ("<", "bca"), ("?", "bca"),
        ):
            with self.subTest(keys):
                self.press(keys)
                self.assertEqual(self.names(), expected)

    def test_arrow(self) -> None:
        self.press("Fr")
        self.assertIn("FUNCTION\u2193", self.lines()[2])
        self.press("T")
        self.assertEqual(self.top.lines(Screen(60, ellipsis="..."), 9)[2],
                         Line("TOTALv  TICKS  FUNCTION  FILE:LINE", True))

    def test_it_stays_sorted(self) -> None:
        self.press("I")
        self.top.take(tables([times(x=(1, 1), y=(1, 9))]))
        self.assertEqual(self.names(), "yx")

    def test_freezing(self) -> None:
        for key in "p ":
            self.top.take(tables([FIRST]))
            self.press(key)
            self.top.take(tables([times(x=(1, 1))]))
            self.assertEqual(self.names(), "abc")
            self.assertIn("[frozen]", self.lines()[0])
            self.press(key)
            self.assertEqual(self.names(), "x")

    def test_all(self) -> None:
        self.press("a")
        self.assertIn("  all", self.lines()[0])
        self.assertIn("100  a", self.lines()[3])

    def test_rest(self) -> None:
        many = times(**{f"f{n}": (1000, 1) for n in range(50)})
        self.top.take(tables([many]))
        lines = self.lines(10)
        self.assertEqual(sum("/srv/" in line for line in lines), 5)
        self.assertEqual(lines[8], "45.0 ms     45  [45 more]")

    def test_small(self) -> None:
        for height in range(1, 8):
            for width in 1, 12, 30:
                with self.subTest(height=height, width=width):
                    self.lines(height, width)

    def test_several_tables(self) -> None:
        other = make_table(OTHER, {"n": {("\x07\x1b[2J",): 1}})
        self.top.take(tables([FIRST, other]))
        self.press("\t")
        self.assertEqual(self.lines()[1:4], ["Others", "N\u2193  NAME", r" 1  \x07\x1b[2J"])
        # In this interval it has nothing.
        self.top.take(tables([FIRST], [FIRST, other]))
        self.assertEqual(self.lines()[1:3], ["", "Others"])
        self.press("\t")
        self.assertEqual(self.names(), "abc")

    def test_messages(self) -> None:
        self.top = Top("x")
        self.top.take_message("A map \x1b[2J\nis full\n")
        self.assertEqual(self.lines()[2], r"A map \x1b[2J\nis full")


PROGRAM = """
import os, signal, sys, time
sys.path[:0] = {path!r}
from pyusdt.rendering.top import Top
from pyusdt.trace.topscreen import TopScreen
from test_top import FIRST, tables
top = Top("x")
top.take(tables([FIRST]))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
# Where the test itself is ended.
signal.alarm({seconds})
with TopScreen(top) as screen:
    os.write(2, b"a message\\n")
    while not signal.sigtimedwait([signal.SIGINT], 0.01):
        screen.look()
        if os.path.exists({fail!r}):
            raise ValueError("as it happens")
print("the end")
"""


class NoTerminal(unittest.TestCase):
    def test_no_curses(self) -> None:
        with mock.patch.object(topscreen, "curses", None), \
                mock.patch.object(os, "isatty", return_value=True), \
                self.assertRaisesRegex(Failure, "--top: .* has no module curses") as raised:
            topscreen.check_terminal()
        self.assertEqual(raised.exception.status, 2)

    def test_unknown_terminal(self) -> None:
        text = (f"import sys; sys.path[:0] = {sys.path!r}\n"
                "from pyusdt.trace.topscreen import check_terminal; check_terminal()")
        for name in "nosuch", "dumb", "":
            main, terminal = pty.openpty()
            result = subprocess.run(
                [sys.executable, "-c", text], stdin=terminal, stdout=terminal, check=False,
                stderr=subprocess.PIPE, text=True, env={**os.environ, "TERM": name},
            )
            os.close(main)
            os.close(terminal)
            self.assertIn(f"--top: nothing is known of the terminal {name!r}", result.stderr)


@where(importlib.util.find_spec("_curses"), f"{sys.executable} has no curses")
class Terminals(unittest.TestCase):
    def setUp(self) -> None:
        self.main, self.terminal = pty.openpty()
        self.addCleanup(os.close, self.main)
        self.addCleanup(os.close, self.terminal)
        self.resize(24, 80)
        self.before = termios.tcgetattr(self.terminal)
        self.fail_file = f"/tmp/pyusdt-top-{os.getpid()}"
        text = textwrap.dedent(PROGRAM).format(path=sys.path, fail=self.fail_file, seconds=2 * SECONDS)
        self.process = subprocess.Popen(
            [sys.executable, "-c", text], stdin=self.terminal, stdout=self.terminal,
            stderr=self.terminal, env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"}, start_new_session=True,
        )
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.text = ""

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def until(self, expected: str) -> None:
        limit = time.monotonic() + SECONDS
        while expected not in self.text:
            if not select.select([self.main], [], [], max(limit - time.monotonic(), 0))[0]:
                self.fail(f"no {expected!r} in {self.text!r}")
            self.text += os.read(self.main, 1 << 16).decode()

    def check_terminal(self, status: int) -> None:
        self.assertEqual(self.process.wait(SECONDS), status)
        self.assertEqual(termios.tcgetattr(self.terminal), self.before)
        # The other screen, and the cursor is seen again.
        self.assertIn("\x1b[?1049l", self.text)
        self.assertLess(self.text.rfind("\x1b[?25l"), self.text.rindex("\x1b[?25h"))

    def test_end(self) -> None:
        self.until("/srv/c.py:7")
        self.assertNotEqual(termios.tcgetattr(self.terminal), self.before)
        os.write(self.main, b"q")
        self.until("the end")
        self.check_terminal(0)
        # What was said meanwhile comes after the screen.
        self.assertGreater(self.text.index("a message"), self.text.rindex("\x1b[?1049l"))

    def test_exception(self) -> None:
        self.until("/srv/c.py:7")
        self.addCleanup(os.unlink, self.fail_file)
        open(self.fail_file, "w").close()
        self.until("ValueError: as it happens")
        self.check_terminal(1)

    def test_resizing(self) -> None:
        self.until("q quit")
        self.text = ""
        self.resize(10, 60)
        # It is drawn anew, and what does not fit is cut.
        self.until("p freeze")
        os.write(self.main, b"q")
        self.until("the end")
        self.check_terminal(0)
