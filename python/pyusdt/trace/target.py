# SPDX-License-Identifier: BSD-2-Clause
"""The process that is to be traced, as /proc shows it.

None of it is believed: a name is made printable, a path goes into a script only if it
cannot be anything else there, and only if the process has really mapped that file.
"""

import contextlib
import os
import pathlib
import re
import select
import stat
from collections.abc import Iterator

from pyusdt.failure import Failure

# Of the library, in any version; and where a script names it.
LIBRARY = re.compile(r"/libpyusdt\.so[.\d]*$")
IN_SCRIPT = re.compile(r"(?<=\busdt:)/[^:\s]*/libpyusdt\.so[.\d]*(?=:)")
# That pyusdt-attach has copied into the process' root folder, loaded, and removed again.
COPY = re.compile(r"/libpyusdt\.so\.\d{20} \(deleted\)$")
PLAIN_PATH = re.compile(r"[\w./+@-]+", re.ASCII)
# The library has this thread while events are armed.
WATCHER = "pyusdt"


class Process:
    """A running process. Another one that gets its number is not taken for it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._descriptor = os.pidfd_open(pid)
        except (ProcessLookupError, OverflowError):
            raise Failure(f"there is no process {pid}: it may have ended") from None
        except OSError as error:
            raise Failure(self._why_not(error)) from None
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._descriptor)

    def _why_not(self, error: OSError) -> str:
        with contextlib.suppress(OSError):
            group = re.search(r"^Tgid:\t(\d+)$", self._read("status"), re.MULTILINE)
            if group and int(group[1]) != self.pid:
                return f"{self.pid} is a thread of process {group[1]}: use -p {group[1]}"
        return f"process {self.pid}: {error.strerror}"

    def _read(self, name: str) -> str:
        # Only "\n" ends a line: a path may have all else.
        with open(f"/proc/{self.pid}/{name}", errors="replace", newline="\n") as file:
            return file.read()

    def has_ended(self) -> bool:
        return bool(self._poll.poll(0))

    def library(self) -> tuple[str, str] | None:
        """Of the library that it has loaded: (path, addresses of a mapping), or None."""
        try:
            maps = self._read("maps")
        except OSError:
            return None
        for line in maps.split("\n"):
            words = line.split(maxsplit=5)
            path = words[5] if len(words) > 5 else ""
            if LIBRARY.search(path.removesuffix(" (deleted)")):
                first, last = (int(word, 16) for word in words[0].split("-"))
                return path, f"{first:x}-{last:x}"
        return None

    def has_library(self) -> bool:
        return self.library() is not None

    def name(self) -> str:
        try:
            text = self._read("comm").rstrip("\n")
        except OSError:
            return "?"
        return "".join(letter if letter.isprintable() else "?" for letter in text)

    def is_armed(self) -> bool:
        """Does anything in it look for tracers?"""
        for task in pathlib.Path(f"/proc/{self.pid}/task").glob("*/comm"):
            with contextlib.suppress(OSError):
                if task.read_text(errors="replace") == f"{WATCHER}\n":
                    return True
        return False

    def children(self) -> list[int]:
        found: list[int] = []
        for file in pathlib.Path(f"/proc/{self.pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, file.read_text().split())
        return sorted(found)

    def require_library(self) -> None:
        if self.has_library():
            return
        if self.has_ended():
            raise Failure(f"process {self.pid} has ended")
        raise Failure(
            f"process {self.pid} ({self.name()}) has no libpyusdt loaded: {self._advice()}"
        )

    def _advice(self) -> str:
        for child in self.children():
            with contextlib.suppress(Failure), Process(child) as process:
                if process.has_library():
                    return f"its child {child} ({process.name()}) has, use -p {child}"
        return "--load would load it"

    def has_copy(self) -> bool:
        """Has it a library of its own, which nobody has but its children?

        For bpftrace that is a file without a path, which it does not find with -p; nor is
        that needed.
        """
        library = self.library()
        return library is not None and COPY.search(library[0]) is not None

    def mapping_of_library(self) -> str | None:
        """A path that leads to the very file that it has mapped, whatever that is called.

        None of a device, which it may have called so: to open one does something.
        """
        library = self.library()
        if library is None:
            return None
        mapping = f"/proc/{self.pid}/map_files/{library[1]}"
        with contextlib.suppress(OSError):
            return mapping if stat.S_ISREG(os.stat(mapping).st_mode) else None
        return None

    def fit(self, script: str) -> str:
        """The text of a script, with the library that this process has in place of its own.

        A probe is a place in a file. A process in a container, or with another
        installation, has the same library as another file, of which the probes in the
        script's own never fire.
        """
        wanted = set(IN_SCRIPT.findall(script))
        library, mapping = self.library(), self.mapping_of_library()
        if not wanted or library is None or mapping is None:
            return script
        try:
            mapped = os.stat(mapping)
        except OSError:
            return script
        if all(is_file(path, mapped) for path in wanted):
            return script
        return IN_SCRIPT.sub(self._place(library[0], mapping, mapped), script)

    def _place(self, path: str, mapping: str, mapped: os.stat_result) -> str:
        """Where bpftrace finds that file, also with -p but for a copy."""
        if COPY.search(path):
            return mapping
        seen = [place for place in self._places(path) if is_file(place, mapped)]
        if not seen:
            raise Failure(
                f"the libpyusdt.so that process {self.pid} has loaded has been replaced or "
                "removed since: start the process again"
            )
        if not PLAIN_PATH.fullmatch(path):
            raise Failure(
                f"process {self.pid} has another libpyusdt.so than the script, at a path "
                "with letters that bpftrace does not take: use the pyusdt-trace of that "
                "installation"
            )
        return seen[0]

    def _places(self, path: str) -> Iterator[str]:
        """Where the file may be, below what the process has for a root directory.

        Not as this process sees it where that is another way: with -p, bpftrace 0.17 to
        0.27 do not all find it, or find it twice.
        """
        yield f"/proc/{self.pid}/root{path}"
        # The root directory of a chroot(2), unlike a container's, is below this process'.
        yield f"/proc/{self.pid}/root{path.removeprefix(self._root())}"

    def _root(self) -> str:
        try:
            return os.readlink(f"/proc/{self.pid}/root").removesuffix("/")
        except OSError:
            return ""

    def why_not_attached(self) -> str:
        """What bpftrace does not say of why it could not attach."""
        if self._root():
            return ": it is in a chroot, in which only bpftrace 0.27 and later find probes"
        return ""


def is_file(path: str, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), status)
    except OSError:
        return False
