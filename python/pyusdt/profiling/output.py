# SPDX-License-Identifier: BSD-2-Clause
"""The file that a profile goes to: there as a whole, or not at all."""

import os
import stat

from pyusdt.profiling.formats import FORMATS, suffix_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyusdt.profiling.model import Profile


class Output:
    """Raises ValueError or OSError at once where nothing could be written later."""

    def __init__(self, path: str) -> None:
        suffix = suffix_of(path)
        # Where a link leads to, and whatever the current folder is by then.
        target = os.path.realpath(path)
        check(target)
        self._encode = FORMATS[suffix]()
        self._stem = target.removesuffix(suffix)
        self._end = target.removeprefix(self._stem)
        self._pid = os.getpid()

    @property
    def path(self) -> str:
        """In a child of a fork one of its own, with its process id."""
        pid = os.getpid()
        child = "" if pid == self._pid else f".{pid}"
        return f"{self._stem}{child}{self._end}"

    def write(self, profile: "Profile", title: str) -> None:
        replace(self.path, self._encode(profile, title))


def check(path: str) -> None:
    folder = os.path.dirname(path)
    if os.path.lexists(path) and not os.path.isfile(path):
        raise ValueError(f"{path}: not a regular file")
    if not os.path.isdir(folder):
        raise ValueError(f"{path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(f"{path}: the folder {folder} cannot be written to")


def replace(path: str, content: bytes) -> None:
    """A new file is for its owner only; in place of another it has that one's mode."""
    temporary = f"{path}.{os.urandom(4).hex()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        try:
            os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
        except FileNotFoundError:
            pass  # what is replaced
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
