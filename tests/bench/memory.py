# SPDX-License-Identifier: BSD-2-Clause
"""The memory that metadata of code objects takes.

usage: memory.py COUNT

Prints, as JSON, the bytes of the heap and of resident memory per code object that a first
event costs, above what CPython itself takes to monitor it. Run with PYTHONMALLOC=malloc, so that malloc() has all.
"""

import ctypes
import gc
import json
import pathlib
import re
import sys

import pyusdt
import semaphores
from variants import load_floor, monitor


class Mallinfo(ctypes.Structure):
    """struct mallinfo2 of glibc."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    ]


mallinfo2 = ctypes.CDLL(None).mallinfo2
mallinfo2.restype = Mallinfo


def heap():
    info = mallinfo2()
    return info.uordblks + info.hblkhd


def resident():
    status = pathlib.Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmRSS:\s*(\d+)", status)[1])


def functions(count):
    """As a program has them: methods of classes, in files of a package."""
    made = []
    for number in range(0, count, 10):
        names = {"__name__": f"package.module_{number // 100}"}
        methods = "".join(f"    def method_{i}(self): pass\n" for i in range(10))
        source = f"class Thing{number}:\n{methods}"
        file = f"/usr/lib/python3/dist-packages/package/module_{number // 100}.py"
        exec(compile(source, file, "exec"), names)
        thing = names[f"Thing{number}"]
        made.extend(getattr(thing, f"method_{i}") for i in range(10))
    return made[:count]


def call_all(made):
    for function in made:
        function(None)


def main():
    count = int(sys.argv[1])
    made = functions(count)
    floor = load_floor()
    # What CPython keeps per monitored code object is there before.
    with monitor(["PY_START"], floor.noop):
        call_all(made)
    pyusdt.enable()
    with semaphores.watched("PY_START"):
        call_all(functions(10))
        gc.collect()
        resident()  # what its first call allocates
        before = heap(), resident()
        call_all(made)
        gc.collect()
        after = heap(), resident()
    heap_bytes, resident_bytes = ((a - b) / count for a, b in zip(after, before))
    json.dump({"bytes": heap_bytes, "resident": resident_bytes}, sys.stdout)


main()
