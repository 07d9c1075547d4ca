# SPDX-License-Identifier: BSD-2-Clause
"""How commands write files, and what they do when nobody reads any more."""

import errno
import os
import sys


def private(path: str, flags: int) -> int:
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


def drop_standard_output() -> None:
    """Its reader has gone: what is still to be flushed goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
