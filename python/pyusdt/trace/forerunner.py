# SPDX-License-Identifier: BSD-2-Clause
"""Another process of the interpreter that a program is to be run with, just before it.

What pyusdt-announce sees in it is right for the program, too: so the program's stacks are known
before its first instruction.
"""

import os
import pathlib
import select
import subprocess

from pyusdt.failure import Failure
from pyusdt.trace.executables import Python
from pyusdt.trace.tracer import dependent_child

# It runs nothing of the user's, says that it has begun, and waits for ever.
WORDS = ("-I", "-S", "-c", "print(flush=True); input()")


class Forerunner:
    def __init__(self, python: Python) -> None:
        try:
            self._process = subprocess.Popen(
                [python.name, *WORDS], executable=python.path,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                preexec_fn=dependent_child(), process_group=0,
            )
        except OSError as error:
            raise Failure(f"--python {python.name}: {error.strerror}") from None
        assert self._process.stdout
        self._said = self._process.stdout
        self.pid = self._process.pid
        self._has_begun = False

    def __enter__(self) -> "Forerunner":
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()

    def is_settled(self) -> bool:
        """It waits, or it has ended: it may be no Python, or cannot begin so."""
        if self._process.poll() is not None:
            return True
        if not self._has_begun:
            self._has_begun = bool(select.select([self._said], [], [], 0)[0])
        return self._has_begun and self._sleeps()

    def _sleeps(self) -> bool:
        status = pathlib.Path(f"/proc/{self.pid}/stat").read_text(errors="replace")
        return status.rpartition(") ")[2].startswith("S")

    def is_same_program(self, pid: int) -> bool:
        """That process, too: not a script by which the interpreter is found."""
        try:
            return os.path.samefile(f"/proc/{self.pid}/exe", f"/proc/{pid}/exe")
        except OSError:
            return False
