# SPDX-License-Identifier: BSD-2-Clause
"""The line that runs in a frame that BPF has told of.

It is read as soon as it is told: a process may end at any time. Of one that has, the code
object may still be in another one that has come from it by fork(2), or that it has come from,
at the same address; or it has been read before. In a process that runs it is read each time:
another one may be at the address by now.
"""

from collections import OrderedDict
from typing import NamedTuple

from pyusdt.lines.codeobject import Ended, Unreadable, read_table
from pyusdt.lines.kept import KeptLines
from pyusdt.lines.locations import Lines

# Of processes, that are asked for what another one no longer has.
RELATIVES_MAX = 16


class Code(NamedTuple):
    address: int
    qualname: str
    first_line: int


class CurrentLines:
    def __init__(self) -> None:
        # By table and first line, and by Code, as it was last.
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
        try:
            return self._read(pid, code)
        except Ended:
            for relative in reversed([*self._processes]):
                try:
                    return self._read(relative, code)
                except Unreadable:
                    pass
            kept = self._kept.get(code)
            if kept is None:
                raise
            return kept

    def _read(self, pid: int, code: Code) -> Lines:
        """Raises Ended, or Unreadable."""
        table = read_table(pid, *code)
        self.add_process(pid)
        key = (table, code.first_line)
        lines = self._kept.get(key)
        if lines is None:
            lines = Lines(table, code.first_line)
            self._kept.put(key, lines, len(table))
        self._kept.put(code, lines, len(code.qualname))
        return lines
