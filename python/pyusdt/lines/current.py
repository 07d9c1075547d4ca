# SPDX-License-Identifier: BSD-2-Clause
"""The line that runs in a frame that BPF has told of.

It is read as soon as it is told: a process may end at any time. Of one that has, the code
object may still be in another one that has come from it by fork(2), or that it has come from,
at the same address; or it has been read before, at the latest with the module that has it.

What exec() makes is read each time: another one may be at the address by now.
"""

import contextlib
from collections import OrderedDict
from typing import NamedTuple

from pyusdt.lines.codeobject import Code, Ended, Unreadable, read_table
from pyusdt.lines.kept import KeptLines
from pyusdt.lines.locations import Lines
from pyusdt.lines.nested import nested_tables

# Of processes, that are asked for what another one no longer has.
RELATIVES_MAX = 16


MODULE = "<module>"
# bpftrace 0.17 cuts texts after 63 bytes.
TEXT_SIZE = 60


class Frame(NamedTuple):
    """As BPF tells it."""

    pid: int
    code: Code
    offset: int  # in bytes, of the instruction that runs


class CurrentLines:
    def __init__(self) -> None:
        # By table and first line, by process and code, and by code, as it was last.
        self._kept = KeptLines()
        # The last ones that something was read of, or that were told of.
        self._processes: OrderedDict[int, None] = OrderedDict()
        self._frames = self._ended = self._unreadable = 0

    def line(self, pid: int, code: Code, offset: int) -> int:
        """0: not known."""
        self._frames += 1
        if offset < 0:
            # Its first instruction has not run: CPython says the same.
            return code.first_line
        try:
            line = self._lines(pid, code).at(offset)
        except Ended:
            self._ended += 1
            return 0
        except Unreadable:
            line = 0
        self._unreadable += not line
        return line

    def read_ahead(self, pid: int, code: Code) -> None:
        """What *line* will be asked for. Not what is read each time."""
        if is_one(code):
            with contextlib.suppress(Unreadable):
                self._lines(pid, code)

    def add_process(self, pid: int) -> None:
        """It may have what its children run."""
        self._processes[pid] = None
        self._processes.move_to_end(pid)
        if len(self._processes) > RELATIVES_MAX:
            self._processes.popitem(last=False)

    def told(self) -> str | None:
        """What there is to say of frames whose line is not known."""
        unknown = self._ended + self._unreadable
        if not unknown:
            return None
        reasons = [f"{self._ended:,} of processes that had ended"] if self._ended else []
        if self._unreadable:
            reasons.append(f"{self._unreadable:,} of code that was gone")
        return (
            f"{unknown:,} of {self._frames:,} frames have the first line of their function and "
            f"a +, as the line that ran is not known: {', '.join(reasons)}"
        )

    def _lines(self, pid: int, code: Code) -> Lines:
        """Raises Ended, or Unreadable."""
        known = self._kept.get((pid, key(code))) if is_one(code) else None
        if known is not None:
            return known
        try:
            return self._read(pid, code)
        except Unreadable as error:
            # What it was forked from has it, too, when it has ended or runs another program.
            if isinstance(error, Ended) or is_one(code):
                for relative in reversed([*self._processes]):
                    with contextlib.suppress(Unreadable):
                        return self._read(relative, code)
            kept = self._kept.get(key(code)) if is_one(code) else None
            if kept is None:
                raise
            return kept

    def _read(self, pid: int, code: Code) -> Lines:
        """Raises Ended, or Unreadable."""
        table = read_table(pid, code)
        self.add_process(pid)
        is_new = self._kept.get(key(code)) is None
        lines = self._keep(code, table)
        self._kept.put((pid, key(code)), lines, 2 * TEXT_SIZE)
        if is_new and code.qualname == MODULE and not is_library(code):
            self._keep_nested(pid, code.address)
        return lines

    def _keep(self, code: Code, table: bytes) -> Lines:
        by_table = (table, code.first_line)
        lines = self._kept.get(by_table)
        if lines is None:
            lines = Lines(table, code.first_line)
            self._kept.put(by_table, lines, len(table))
        self._kept.put(key(code), lines, 2 * TEXT_SIZE)
        return lines

    def _keep_nested(self, pid: int, address: int) -> None:
        with contextlib.suppress(Unreadable):
            for code, table in nested_tables(pid, address):
                self._keep(code, table)


def key(code: Code) -> Code:
    """The same however long the texts are that are known of it."""
    return code._replace(qualname=code.qualname[:TEXT_SIZE], file=code.file[-TEXT_SIZE:])


def is_library(code: Code) -> bool:
    """A program imports so many of its modules that to read them all takes too long: what
    bpftrace has no room to keep meanwhile is lost."""
    return "/python3" in code.file or code.file.startswith("<")


def is_one(code: Code) -> bool:
    """What is made by exec() has names that any number of others have."""
    return not code.file.startswith("<") or code.file.startswith("<frozen ")
