# SPDX-License-Identifier: BSD-2-Clause
"""The semaphores of libpyusdt.so in this process, raised as the kernel does for a tracer.

    with watched("PY_START", "LINE"):  # these probes
        ...
    with watched():                    # all of them
        ...

No root, no tracer: sys.monitoring's events are set and the callbacks run as if there was
one. Only the hit itself is not seen by anybody; told() says whether there was one.
"""

import contextlib
import os
import struct
import weakref

NAME = "/libpyusdt.so"
SECTION = b".note.stapsdt"


def notes(path):
    """[(provider, probe, location, semaphore, arguments)] of an ELF file of 64 bits."""
    with open(path, "rb") as file:
        content = file.read()
    offset, size = section(content, SECTION)
    end = offset + size
    found = []
    while offset < end:
        # Owner and type are the same for all; each part is padded to four bytes.
        owner, length = struct.unpack_from("<II", content, offset)
        start = offset + 12 + padded(owner)
        location, _, semaphore = struct.unpack_from("<QQQ", content, start)
        texts = content[start + 24 : start + length].split(b"\0")
        provider, probe, arguments = map(bytes.decode, texts[:3])
        found.append((provider, probe, location, semaphore, arguments))
        offset = start + padded(length)
    return found


def padded(size):
    return (size + 3) // 4 * 4


def section(content, name):
    """(offset, size) of a section in the file."""
    (table,) = struct.unpack_from("<Q", content, 0x28)
    entry, count, names = struct.unpack_from("<HHH", content, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", content, table + entry * i) for i in range(count)]
    strings = headers[names][4]
    for header in headers:
        start = strings + header[0]
        if content[start : content.index(b"\0", start)] == name:
            return header[4], header[5]
    raise LookupError(name)


def load_address():
    """(path, address) of the library in this process."""
    with open("/proc/self/maps") as file:
        for line in file:
            # The first one has the address that those of the file are relative to.
            if NAME in line:
                return line.split(maxsplit=5)[5].rstrip("\n"), int(line.partition("-")[0], 16)
    raise LookupError(f"{NAME} is not loaded")


_addresses = {}


def addresses():
    """{probe: address of its semaphore in this process}"""
    if not _addresses:
        path, base = load_address()
        _addresses.update((probe, base + at) for _, probe, _, at, _ in notes(path))
    return _addresses


@contextlib.contextmanager
def memory():
    descriptor = os.open("/proc/self/mem", os.O_RDWR | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read(descriptor, probe):
    return struct.unpack("<H", os.pread(descriptor, 2, addresses()[probe]))[0]


def get(probe):
    """The value of a probe's semaphore: 0 without a tracer."""
    with memory() as descriptor:
        return read(descriptor, probe)


def add(number, *probes):
    """Add to the semaphores of these probes, of all where none is named."""
    with memory() as descriptor:
        for probe in probes or addresses():
            value = struct.pack("<H", read(descriptor, probe) + number)
            os.pwrite(descriptor, value, addresses()[probe])


@contextlib.contextmanager
def watched(*probes):
    """These probes, or all, have a tracer within the block, and events are set for it."""
    import pyusdt  # loads the library

    add(1, *probes)
    try:
        pyusdt.poll()
        yield
    finally:
        add(-1, *probes)
        pyusdt.poll()


def told(function):
    """Has the library told a tracer of an event of this function?

    It knows the code by then, and has a weak reference to it.
    """
    references = weakref.getweakrefs(getattr(function, "__code__", function))
    return any(type(r.__callback__).__module__ == "pyusdt" for r in references)
