# SPDX-License-Identifier: BSD-2-Clause
"""All files of the library that running processes have, for a script on events of Python.

A probe is a place in a file. A container or a virtual environment has a file of its own, of
which the probes in that of the script never fire.
"""

import os
import re

from pyusdt.failure import Failure, complain
from pyusdt.trace.options import PROG
from pyusdt.trace.target import IN_SCRIPT, Process

# Each is as many probes more as the script has; bpftrace takes some hundreds.
MAX_LIBRARIES = 16
PROBE = re.compile(rf"\b(usdt:)({IN_SCRIPT.pattern}):(\w+:\w+)")


def with_all_libraries(script: str) -> str:
    """The text of a script, with these beside the one that it names."""
    seen = {identity(os.stat(path)) for path in IN_SCRIPT.findall(script) if os.path.exists(path)}
    if not seen:
        return script
    places: list[str] = []
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        try:
            with Process(pid) as process:
                place = new_place(process, seen)
        except Failure as failure:
            # It has ended, or has a library that cannot be attached to.
            if os.path.exists(f"/proc/{pid}"):
                complain(PROG, str(failure))
            continue
        if place is not None:
            places.append(place)
    if len(places) > MAX_LIBRARIES:
        complain(PROG, f"processes have {len(places)} more files of libpyusdt.so: the first "
                       f"{MAX_LIBRARIES} are attached to")
    return add(script, places[:MAX_LIBRARIES])


def new_place(process: Process, seen: set[tuple[int, ...]]) -> str | None:
    """Of a library that has not been seen yet."""
    library = process.mapped_library()
    if library is None or identity(library.status) in seen:
        return None
    seen.add(identity(library.status))
    return process.place(library)


def identity(status: os.stat_result) -> tuple[int, ...]:
    """The same file in two overlays, as containers have them, is one with two devices.

    Attached to twice it would tell each event twice.
    """
    if os.major(status.st_dev):
        return status.st_dev, status.st_ino
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def add(script: str, places: list[str]) -> str:
    def probes(match: re.Match[str]) -> str:
        kind, path, name = match.groups()
        return ",\n".join(f"{kind}{place}:{name}" for place in [path, *places])

    return PROBE.sub(probes, script)
