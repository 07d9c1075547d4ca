# SPDX-License-Identifier: BSD-2-Clause
"""Where a trace is written to, and what becomes of it when that takes no more."""

import contextlib
import errno
import os
import select
import sys

from pyusdt.failure import Failure


class Output:
    """A file or standard output. Writing never fails: what went wrong is kept."""

    def __init__(self, name=None):
        self.name = "standard output" if name is None else name
        self.error = None
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
        self._poll = select.poll()
        self._poll.register(self._file.fileno(), 0)

    def write(self, text):
        if self.error is not None:
            return
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            self.error = error

    def is_lost(self):
        """Nobody gets any more of it: it is full, or its reader has gone."""
        return self.error is not None or self.reader_has_gone()

    def reader_has_gone(self):
        """That of a pipe, as head does when it has all it wants: no reason to complain."""
        if self.error is not None:
            return self.error.errno == errno.EPIPE
        return any(events & select.POLLERR for _, events in self._poll.poll(0))

    def close(self):
        try:
            self._file.close()
        except OSError as error:
            self.error = self.error or error


def standard_output():
    if sys.stdout is None:
        raise Failure("standard output is closed: give -o FILE")
    return sys.stdout.fileno()


def private(path, flags):
    """An opener. As perf record -o does it, a new file is for its owner only, and one that
    exists keeps its mode: whoever made it has chosen.

    Links are followed, as /dev/stdout is one, but not where somebody else has laid them: in
    /tmp anybody can. (Linux itself refuses that, and files of others there, where
    fs.protected_symlinks and fs.protected_regular are set.)
    """
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_NOCTTY, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP or os.lstat(path).st_uid not in (0, os.geteuid()):
            raise
    return os.open(path, flags | os.O_NOCTTY, 0o600)


def say(text):
    """To standard error, which may be closed or without a reader."""
    with contextlib.suppress(OSError, AttributeError):
        sys.stderr.write(text)
        sys.stderr.flush()
