# SPDX-License-Identifier: BSD-2-Clause
"""For worker.py: what the process holds, and what must not make it hold more."""

import ctypes
import gc
import os
import sys

import pyusdt


class _Mallinfo2(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd",
            "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]


_mallinfo2 = ctypes.CDLL(None).mallinfo2
_mallinfo2.restype = _Mallinfo2


def held():
    """Threads by name, descriptors, tool ids, and callbacks of gc."""
    return {
        "threads": sorted(_comm(tid) for tid in os.listdir("/proc/self/task")),
        "descriptors": sorted(os.listdir("/proc/self/fd")),
        "tools": [sys.monitoring.get_tool(tool) for tool in range(6)],
        "gc": len(gc.callbacks),
    }


def _comm(tid):
    with open(f"/proc/self/task/{tid}/comm") as file:
        return file.read().strip()


def memory():
    """In bytes: resident; given out by malloc; and what Python itself counts, in blocks."""
    gc.collect()
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    info = _mallinfo2()
    return {
        "resident": pages * os.sysconf("SC_PAGE_SIZE"),
        "heap": info.uordblks + info.hblkhd,
        "blocks": sys.getallocatedblocks(),
    }


def rearm(times, function):
    """Enabled, called; disabled, called."""
    before = pyusdt.enabled()
    for _ in range(times):
        pyusdt.disable()
        function()
        pyusdt.enable(before)
        function()


def fork(times, function):
    """How many children were as they should be: armed, with a watcher, and working."""
    good = 0
    for _ in range(times):
        child = os.fork()
        if not child:
            os._exit(_child(function))
        good += os.waitpid(child, 0)[1] == 0
    return good


def _child(function):
    try:
        function()
        fine = pyusdt.enabled() and "pyusdt" in held()["threads"]
        return 0 if fine else 1
    except BaseException:
        return 2
