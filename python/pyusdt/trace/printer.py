# SPDX-License-Identifier: BSD-2-Clause
"""Between bpftrace, which is made to print JSON, and whoever reads: each line of it becomes
the text of its record."""

import contextlib
import re
import subprocess
from collections.abc import Callable

from pyusdt.bpftrace import records, script, textform

OPTIONS = ("-f", "json")


class Printer:
    """*write* takes what the script prints, *complain* messages."""

    def __init__(
        self, bpftrace: str, source: str, write: Callable[[str], None],
        complain: Callable[[str], None],
    ) -> None:
        self._dialect = records.dialect(version(bpftrace))
        self._script = script.read(source)
        self._write = write
        self._complain = complain
        self._problems: set[records.Problem] = set()

    def take_output(self, line: bytes) -> None:
        record = records.read(line, self._dialect, self._script)
        if isinstance(record, records.Problem):
            self._take_problem(record)
        else:
            self._write(textform.write(record))

    def take_message(self, line: bytes) -> None:
        self._complain(textform.message(line.decode("utf-8", "surrogateescape")))

    def _take_problem(self, problem: records.Problem) -> None:
        """Warnings are not wanted (--no-warnings), and an error comes with each event."""
        if problem.is_error and problem not in self._problems:
            self._problems.add(problem)
            self._complain(textform.write(problem))


def version(bpftrace: str) -> tuple[int, ...]:
    """(0, 17), or (): it will say itself why it does not run."""
    with contextlib.suppress(OSError):
        words = subprocess.run([bpftrace, "--version"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, check=False).stdout
        if match := re.search(rb"(\d+)\.(\d+)", words):
            return int(match[1]), int(match[2])
    return ()
