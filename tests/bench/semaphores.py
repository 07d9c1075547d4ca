# SPDX-License-Identifier: BSD-2-Clause
"""Watch probes as the kernel does for a tracer, by their semaphores, without a tracer.

For where no tracer can be attached: under valgrind. The probes' addresses come from the
ELF notes of the library that this process has mapped.
"""

import contextlib
import ctypes
import pathlib
import struct


def mapped(name):
    """Path and address of the library of this process whose file name begins with name."""
    for line in pathlib.Path("/proc/self/maps").read_text().splitlines():
        words = line.split(maxsplit=5)
        if len(words) == 6 and pathlib.Path(words[5]).name.startswith(name):
            return words[5], int(words[0].partition("-")[0], 16)
    raise LookupError(f"{name} is not mapped")


def section(data, name):
    """The content of a section of a 64-bit little-endian ELF file."""
    (table,) = struct.unpack_from("<Q", data, 0x28)
    size, count, strings = struct.unpack_from("<HHH", data, 0x3A)

    def header(index):
        return struct.unpack_from("<IIQQQQ", data, table + index * size)

    names = header(strings)[4]
    for index in range(count):
        start, _, _, _, offset, length = header(index)
        end = data.index(b"\0", names + start)
        if data[names + start : end] == name.encode():
            return data[offset : offset + length]
    raise LookupError(f"no section {name}")


def notes(path):
    """(provider, probe, address of the semaphore) of each probe in a file."""
    data = section(pathlib.Path(path).read_bytes(), ".note.stapsdt")
    position = 0
    while position < len(data):
        owner, length, _ = struct.unpack_from("<III", data, position)
        start = position + 12 + (owner + 3) // 4 * 4
        provider, probe = data[start + 24 : start + length].split(b"\0")[:2]
        semaphore = struct.unpack_from("<QQQ", data, start)[2]
        yield provider.decode(), probe.decode(), semaphore
        position = start + (length + 3) // 4 * 4


class Semaphores:
    """Those of the libpyusdt that this process has, by the name of the probe."""

    def __init__(self):
        path, base = mapped("libpyusdt.so")
        self._words = {
            probe: ctypes.c_uint16.from_address(base + semaphore)
            for _, probe, semaphore in notes(path)
        }

    def names(self):
        return self._words.keys()

    def watch(self, names):
        """Exactly these probes have a tracer."""
        unknown = set(names) - self.names()
        if unknown:
            raise LookupError(f"no such probes: {sorted(unknown)}")
        for name, word in self._words.items():
            word.value = name in names

    @contextlib.contextmanager
    def on(self, names):
        """These have a tracer within the context, and pyusdt knows of it."""
        import pyusdt

        self.watch(names)
        pyusdt.poll()
        try:
            yield
        finally:
            self.watch(())
            pyusdt.poll()
