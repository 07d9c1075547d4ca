# SPDX-License-Identifier: BSD-2-Clause
"""The profile of a whole program, for ``python -m pyusdt --profile``.

It ends after the program's own exit handlers: those that are registered first run last. The
child of a fork has one of its own, which ends as the child does: at its exit, or where
multiprocessing ends it, which no exit handler sees.
"""

import atexit
import os
import sys

from pyusdt import _pyusdt
from pyusdt.bpftrace.escaping import escape
from pyusdt.profiling.output import Output
from pyusdt.profiling.recording import Recording
from pyusdt.profiling.table import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyusdt.profiling.model import Profile

# After all that the program has finalized at the end of a process of multiprocessing.
LAST = -sys.maxsize


class Running:
    """Raises ValueError or OSError where *file*, None for a table, cannot be written."""

    def __init__(self, file: str | None, title: str, c_functions: bool) -> None:
        self._output = None if file is None else Output(file)
        self._title = title
        # Without stacks nothing tells the C functions that the runner calls from others.
        stacks = self._output is not None or c_functions
        self._recording = Recording(_pyusdt, stacks, c_functions)
        self._parent = os.getpid()
        self._pid = 0  # where it is being taken

    def begin(self) -> None:
        """Last of all before the program's first line."""
        atexit.register(self._end)
        os.register_at_fork(after_in_child=self._go_on_in_child)
        self._recording.begin()
        self._pid = self._parent

    def _go_on_in_child(self) -> None:
        if not self._pid:
            return
        self._pid = os.getpid()
        processes = sys.modules.get("multiprocessing.util")
        if processes is not None:
            # It forgets what the parent finalizes, and calls this then.
            processes.register_after_fork(self, Running._end_with_process)

    def _end_with_process(self) -> None:
        sys.modules["multiprocessing.util"].Finalize(None, self._end, exitpriority=LAST)

    def _end(self) -> None:
        self._recording.stop()
        if self._pid != os.getpid():
            return
        self._pid = 0
        profile = self._recording.take()
        try:
            self._tell(profile)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            where = "" if self._output is None else f"{self._output.path}: "
            say(f"pyusdt: {escape(where + reason)}\n")
            if self._parent == os.getpid():
                _pyusdt.fail_at_exit()

    def _tell(self, profile: "Profile") -> None:
        if self._output is not None:
            self._output.write(profile, self._title)
            return
        child = "" if self._parent == os.getpid() else f", process {os.getpid()}"
        say(f"\nProfile of {escape(self._title)}{child}\n\n{table(profile)}")


def say(text: str) -> None:
    """To standard error as Python has opened it, which may be closed."""
    if sys.__stderr__ is None:
        return
    try:
        sys.__stderr__.write(text)
        sys.__stderr__.flush()
    except (OSError, ValueError):
        pass
