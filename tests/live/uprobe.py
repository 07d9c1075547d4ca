# SPDX-License-Identifier: BSD-2-Clause
"""A tracer that attaches and detaches in a tenth of a millisecond: perf_event_open on one of
the library's probes, in one process.

The kernel takes some 80 ms to forget a uprobe, which is what makes bpftrace too slow for a
thousand of them. So the uprobe stays, for a perf event on this very process, which does not
have the library, and so changes nothing in any other; an event on the traced process
then puts the breakpoint into it, and the semaphore up, as any tracer's does.
"""

import contextlib
import ctypes
import os
import pathlib
import platform
import re
import struct
import subprocess

TRACING = pathlib.Path("/sys/kernel/tracing")
PERF_TYPE_TRACEPOINT = 2
PERF_FLAG_FD_CLOEXEC = 8
PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
# struct perf_event_attr, first version: type, size, config, and nothing else set.
ATTRIBUTES = struct.Struct("=IIQ48x")

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes = [ctypes.c_long, ctypes.c_char_p] + [ctypes.c_long] * 4
libc.syscall.restype = ctypes.c_long


def why_not():
    """Why there is no such tracer here, or None."""
    if os.geteuid() != 0:
        return "uprobes need root"
    if not (TRACING / "uprobe_events").exists():
        return "tracefs is not mounted, or the kernel has no uprobe_events"
    if platform.machine() not in PERF_EVENT_OPEN:
        return f"the number of perf_event_open on {platform.machine()} is not known here"
    return None


def _readelf(option, file):
    return subprocess.run(
        ["readelf", "-W", option, file], stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def probe_offsets(file, provider, name):
    """(offset of the site, offset of the semaphore) in the file."""
    pattern = (
        rf"Provider: {provider}\n\s+Name: {name}\n\s+Location: 0x(\w+), Base: \S+ "
        r"Semaphore: 0x(\w+)"
    )
    addresses = re.search(pattern, _readelf("-n", file)).groups()
    segments = re.findall(r"LOAD +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)", _readelf("-l", file))
    return tuple(_file_offset(int(address, 16), segments) for address in addresses)


def _file_offset(address, segments):
    for offset, start, size in ([int(word, 16) for word in words] for words in segments):
        if start <= address < start + size:
            return address - start + offset
    raise ValueError(f"{address:#x} is not in the file")


def _perf_event_open(event, pid):
    attributes = ATTRIBUTES.pack(PERF_TYPE_TRACEPOINT, ATTRIBUTES.size, event)
    number = PERF_EVENT_OPEN[platform.machine()]
    descriptor = libc.syscall(number, attributes, pid, -1, -1, PERF_FLAG_FD_CLOEXEC)
    if descriptor < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"perf_event_open: {os.strerror(error)}")
    return descriptor


class Attached:
    """A tracer of the main thread of one process, attached until detach()."""

    def __init__(self, event, pid):
        self._descriptor = _perf_event_open(event, pid)

    def hits(self):
        """How often the probe has been hit since."""
        return struct.unpack("=Q", os.read(self._descriptor, 8))[0]

    def detach(self):
        os.close(self._descriptor)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.detach()


class Uprobe:
    """A uprobe on one probe of a library, for attach(); close() forgets it."""

    def __init__(self, file, provider, name):
        site, semaphore = probe_offsets(file, provider, name)
        self._name = f"pyusdt_{os.getpid()}/{provider}_{name}"
        self._command(f"p:{self._name} {os.path.realpath(file)}:{site:#x}({semaphore:#x})")
        self._keeper = None
        with contextlib.ExitStack() as stack:
            stack.callback(self.close)
            self._event = int((TRACING / "events" / self._name / "id").read_text())
            self._keeper = self.attach(os.getpid())
            stack.pop_all()

    def _command(self, line):
        descriptor = os.open(TRACING / "uprobe_events", os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)

    def attach(self, pid):
        return Attached(self._event, pid)

    def close(self):
        if self._keeper is not None:
            self._keeper.detach()
        self._command(f"-:{self._name}")
