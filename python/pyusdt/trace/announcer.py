# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt-announce as a child process: what it knows of running Pythons, from outside.

It reads memory of processes that may have any, and drops the rights that it does not need
for that. What it says of them is data here: text to be escaped, numbers to be shown.
"""

import contextlib
import json
import os
import re
import subprocess
import threading
from typing import IO, NamedTuple

from pyusdt.failure import Failure, complain
from pyusdt.trace.losses import Losses
from pyusdt.trace.options import PROG
from pyusdt.trace.tracer import dependent_child

# What it begins each of its lines with.
PREFIX = "pyusdt-announce: "
# Of a process, why nothing is seen of it.
UNREADABLE = re.compile(r"process (\d+): (?!it has ended)")


class Selection(NamedTuple):
    """Which processes: these with all that come from them, or all, or of all those of a user
    or in a control group."""

    pids: tuple[int, ...] = ()
    user: str | None = None
    cgroup: str | None = None

    def words(self) -> list[str]:
        if self.pids:
            return ["-p", ",".join(map(str, self.pids)), "--children"]
        words = ["--all"]
        if self.user is not None:
            words += ["--user", self.user]
        if self.cgroup is not None:
            words += ["--cgroup", self.cgroup]
        return words


class RunningPython(NamedTuple):
    """A running process with a Python in it."""

    pid: int
    version: str | None
    user: str
    command: str
    library: str | None
    stacks: bool
    why: str | None  # there are no stacks


def list_pythons(path: str, words: list[str]) -> list[RunningPython]:
    result = run(path, ["--list", *words])
    found = []
    for line in result.splitlines():
        entry = json.loads(line)
        found.append(RunningPython(*(entry[name] for name in RunningPython._fields)))
    return found


def has_stacks(path: str, pid: int) -> bool:
    """Can they be seen from outside?"""
    return any(python.stacks for python in list_pythons(path, ["-p", str(pid)]))


def run(path: str, words: list[str]) -> str:
    try:
        result = subprocess.run(
            [path, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace", check=False,
        )
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
    if result.returncode:
        raise Failure(result.stderr.strip().removeprefix(PREFIX) or f"{path} failed")
    return result.stdout


class Announcer:
    """It tells the script of the processes that are asked for, as long as this one runs."""

    def __init__(self, path: str, selection: Selection, losses: Losses) -> None:
        self._losses = losses
        try:
            self._process = subprocess.Popen(
                [path, "--requests", *selection.words()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                preexec_fn=dependent_child(),
                process_group=0,
            )
        except OSError as error:
            raise Failure(f"{path}: {error.strerror}") from None
        self.pid = self._process.pid
        assert self._process.stderr and self._process.stdin and self._process.stdout
        self._request, self._answer = self._process.stdin, self._process.stdout
        # What it says at first, until it is known whether that is why it has ended.
        self._first_lines: list[str] | None = []
        self._lock = threading.Lock()
        self._reader = threading.Thread(
            target=self._pass_on, args=(self._process.stderr,), daemon=True
        )
        self._reader.start()
        self.announce()
        self._show_first_lines()

    def _pass_on(self, stream: IO[bytes]) -> None:
        for line in stream:
            text = os.fsdecode(line).rstrip("\n").removeprefix(PREFIX)
            if match := UNREADABLE.match(text):
                self._losses.unreadable.add(int(match[1]))
            with self._lock:
                if self._first_lines is None:
                    complain(PROG, text)
                else:
                    self._first_lines.append(text)

    def _show_first_lines(self) -> None:
        with self._lock:
            lines, self._first_lines = self._first_lines, None
            for text in lines or ():
                complain(PROG, text)

    def announce(self) -> None:
        """All that it knows, at once: when this returns, each tracer has been told."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._request.fileno(), b"\n")
            if os.read(self._answer.fileno(), 1):
                return
        # With the last of its processes, or it has said why.
        status = self._process.wait()
        if status:
            self._reader.join()
            raise Failure((self._first_lines or ["pyusdt-announce has failed"])[-1], status)

    def __enter__(self) -> "Announcer":
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        self._process.wait()
        self._answer.close()
        self._request.close()
